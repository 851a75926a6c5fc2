"""A fax terminal [ITU-T T.30] of spandsp.

Written for spandsp 0.0.6 and 3.x, tested with 0.0.6 (dsp.py opens it). A terminal is fed a period
of samples and gives one; documents are TIFF files, which spandsp opens by their names. It speaks
V.27ter, V.29 and V.17 (2,400 to 14,400 bit/s), T.4 in one and two dimensions, and T.6, with error
correction (T.30 annex A) where the far end has it.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from app.phone.sound import dsp
from app.phone.sound.dsp import pointer
from app.phone.sound.spandsp_declared import ffi
from drivers.buses import PERIOD, Samples

_ALL_MODEMS = 0x07  # T30_SUPPORT_V27TER, _V29, _V17
_COMPRESSIONS = 0x0E  # T30_SUPPORT_T4_1D_COMPRESSION, _T4_2D, _T6
_KEEP_AS_T6 = 3  # T4_COMPRESSION_ITU_T6, of 0.0.6
_KEEP_AS_T6_3X = 0x08  # T4_COMPRESSION_T6, of 3.x
IDENT_LONGEST = 20
"""Characters of a station's identification [T.30 §5.3.6.2.4]: digits, "+" and spaces."""


class FaxTerminal:
    """One end of a fax call. `calling`: it has dialled and sends CNG; else it answers with CED.

    `receive` or `send` is the TIFF file, by its name. `page` is called with the number of each page
    received, from 0, before the far end is told that it has arrived. `ident` is what the far end
    shows of this station. `ecm` and `modems` (bits) are for trials.
    """

    def __init__(
        self,
        calling: bool,
        ident: str = "",
        send: str = "",
        receive: str = "",
        page: Callable[[int], None] = lambda _: None,
        header: str = "",
        ecm: bool = True,
        modems: int = _ALL_MODEMS,
    ) -> None:
        lib = self._lib = dsp.library()
        self._page = page
        self._fax = ffi.gc(lib.fax_init(ffi.NULL, int(calling)), lib.fax_free)
        self._t30 = lib.fax_get_t30_state(self._fax)
        self._figures = ffi.new("t30_figures_t *")
        self.code: int | None = None
        """How it ended, once it has; 0 is well."""
        lib.fax_set_transmit_on_idle(self._fax, 1)
        lib.t30_set_tx_ident(self._t30, ident.encode("ascii", "replace")[:IDENT_LONGEST])
        lib.t30_set_ecm_capability(self._t30, int(ecm))
        lib.t30_set_supported_modems(self._t30, modems)
        lib.t30_set_supported_compressions(self._t30, _COMPRESSIONS)
        if header:
            lib.t30_set_tx_page_header_info(self._t30, header.encode("ascii", "replace")[:50])
        if receive:
            lib.t30_set_rx_file(self._t30, receive.encode(), -1)
            self._keep_as_t6()
        if send:
            lib.t30_set_tx_file(self._t30, send.encode(), -1, -1)
        self._handlers = (
            ffi.callback("int(t30_state_t *, void *, int)", self._page_over),
            ffi.callback("void(t30_state_t *, void *, int)", self._over),
        )
        lib.t30_set_phase_d_handler(self._t30, self._handlers[0], ffi.NULL)
        lib.t30_set_phase_e_handler(self._t30, self._handlers[1], ffi.NULL)

    def period(self, heard: Samples) -> Samples:
        """10 ms pass: what was heard in them, (80,); gives what is sent."""
        sent: Samples = np.zeros(PERIOD, np.int16)
        self._lib.fax_rx(self._fax, pointer(heard), PERIOD)
        self._lib.fax_tx(self._fax, pointer(sent), PERIOD)
        return sent

    def hung_up(self) -> None:
        """The line is gone: `code` says how it ended."""
        if self.code is None:
            self._lib.t30_terminate(self._t30)

    @property
    def ended(self) -> bool:
        """Whether the call is over for both ends."""
        return self.code is not None

    @property
    def words(self) -> str:
        """How it ended, in spandsp's words."""
        if self.code is None:
            return ""
        return str(ffi.string(self._lib.t30_completion_code_to_str(self.code)).decode())

    @property
    def far_ident(self) -> str:
        """What the far end calls itself, as it has said it; "" if it has not."""
        said = self._lib.t30_get_rx_ident(self._t30)
        return "" if said == ffi.NULL else str(ffi.string(said).decode("latin-1")).strip()

    @property
    def sent(self) -> int:
        """Pages sent that the far end has confirmed."""
        return int(self._look().sent)

    @property
    def received(self) -> int:
        """Pages received."""
        return int(self._look().received)

    @property
    def bit_rate(self) -> int:
        """Bits a second of the pages."""
        return int(self._look().bit_rate)

    @property
    def corrects_errors(self) -> bool:
        """Whether pages go with error correction."""
        return bool(self._look().ecm)

    def _look(self) -> Any:
        self._lib.t30_get_transfer_statistics(self._t30, self._figures)
        return self._figures

    def _keep_as_t6(self) -> None:
        """Have pages written as T.6, whatever they come as."""
        try:
            self._lib.t30_set_rx_encoding(self._t30, _KEEP_AS_T6)
        except AttributeError:  # 3.x has another name for it
            self._lib.t30_set_supported_output_compressions(self._t30, _KEEP_AS_T6_3X)

    def _page_over(self, _t30: Any, _user: Any, _message: int) -> int:
        if number := self.received:
            self._page(number - 1)
        return 0

    def _over(self, _t30: Any, _user: Any, code: int) -> None:
        self.code = code
