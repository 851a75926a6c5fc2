"""Speech to English text by the Moonshine model of a pack [Jeffries et al. 2024, arXiv:2410.15608].

The model is an encoder and a decoder in ONNX's own form. The encoder takes samples at 16 kHz; the
decoder is asked for one token after the other, the likeliest each time, and keeps what it has
computed of those before. It has no notion of silence: what is not speech becomes fluent text, so
it must never be given any (app/transcript/gate.py).
"""

import os
import re
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.core.pack import MODEL

RATE = 16_000
"""Samples a second that the model takes."""
TOKENS_A_SECOND, TOKENS_MORE = 8.0, 4
"""Tokens that speech has at most, and some for short pieces; more of them is a loop. The model's
authors stop at 6.5 a second, which cuts the ends off quick sentences."""
LEAST_SAMPLES = RATE // 5
"""Shorter pieces are filled up with silence: the encoder's window is larger than they are."""
_BEGIN, _END = 1, 2
_DIGITS = re.compile("▁?[0-9]|▁|-".encode())
_LAYERS, _HEADS, _WIDTH = 6, 8, 36
"""The decoder's: of the tiny model."""

Sound = NDArray[np.float32]


@dataclass(frozen=True)
class Decoded:
    """What was understood of a piece of sound."""

    text: str
    sureness: float
    """Mean of the tokens' log likelihoods: 0 is certain."""


class Decoder:
    """The model, loaded."""

    def __init__(self, pack: Path) -> None:
        """The libraries of the pack can be imported already."""
        for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
            os.environ[name] = "1"
        from onnxruntime import InferenceSession, OrtValue, SessionOptions

        options = SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.enable_cpu_mem_arena = False  # what a piece has needed is given back after it

        def session(name: str) -> Any:
            path = str(pack / MODEL / name)
            return InferenceSession(path, options, providers=["CPUExecutionProvider"])

        self._encoder = session("encoder_model.ort")
        self._decoder = session("decoder_model_merged.ort")
        self._value = OrtValue.ortvalue_from_numpy
        self._names = [output.name for output in self._decoder.get_outputs()]
        self._names_later = [name for name in self._names if ".encoder." not in name]
        self.tokens = read_tokens((pack / MODEL / "tokenizer.bin").read_bytes())
        self.digits = [n for n, token in enumerate(self.tokens) if _DIGITS.fullmatch(token)]
        """Tokens of which numbers are written."""

    def text(self, sound: Sound, allowed: Collection[int] | None = None) -> Decoded:
        """What is said in a piece of at most some 10 s, samples of -1 to 1 at RATE.

        `allowed`: only these tokens, of which the end is always one.
        """
        if len(sound) < LEAST_SAMPLES:
            sound = np.pad(sound, (0, LEAST_SAMPLES - len(sound)))
        said, sure = self._tokens(sound, allowed)
        octets = b"".join(self.tokens[token] for token in said)
        text = octets.decode(errors="ignore").replace("\u2581", " ").strip()
        return Decoded(text, sure / (len(said) + 1))

    def _tokens(self, sound: Sound, allowed: Collection[int] | None) -> tuple[list[int], float]:
        """The tokens of a piece, and the sum of their log likelihoods.

        What the decoder keeps stays where onnxruntime has put it: it is some megabytes a token.
        """
        batch = sound[np.newaxis].astype(np.float32)
        heard = np.ones(batch.shape, np.int64)
        asked = {"input_values": self._value(batch), "attention_mask": self._value(heard)}
        (states,) = self._encoder.run_with_ort_values(["last_hidden_state"], asked)
        # The mask is that of the samples: the decoder takes every 384th of it.
        given = {"encoder_hidden_states": states, "encoder_attention_mask": self._value(heard)}
        given |= {name: self._value(nothing) for name, nothing in _nothing_before().items()}
        mask = _mask(len(self.tokens), allowed)
        said: list[int] = []
        sure, token, names = 0.0, _BEGIN, self._names
        for place in range(int(len(sound) / RATE * TOKENS_A_SECOND) + TOKENS_MORE):
            given["input_ids"] = self._value(np.array([[token]]))
            given["use_cache_branch"] = self._value(np.array([place > 0]))
            logits, *kept = self._decoder.run_with_ort_values(names, given)
            scores = logits.numpy()[0, -1]
            scores = scores if mask is None else scores + mask
            token = int(scores.argmax())
            sure -= float(np.log(np.exp(scores - scores[token]).sum()))
            if token == _END:
                break
            said.append(token)
            for name, value in zip(names[1:], kept, strict=True):
                given[name.replace("present", "past_key_values")] = value
            # What it keeps of the encoder is made once, with the first token.
            names = self._names_later
        return said, sure


def _nothing_before() -> dict[str, NDArray[np.float32]]:
    empty = np.zeros((1, _HEADS, 0, _WIDTH), np.float32)
    names = [f"{side}.{what}" for side in ("decoder", "encoder") for what in ("key", "value")]
    return {f"past_key_values.{n}.{name}": empty for n in range(_LAYERS) for name in names}


def _mask(count: int, allowed: Collection[int] | None) -> Sound | None:
    if allowed is None:
        return None
    mask = np.full(count, -np.inf, np.float32)
    mask[[_END, *allowed]] = 0.0
    return mask


def read_tokens(octets: bytes) -> list[bytes]:
    """The model's tokens in order: each is a length, then so many octets.

    A length of 128 or more has two octets: what is above 127 of the first, and 128 times the
    second. Those in angle brackets say nothing.
    """
    tokens, at = list[bytes](), 0
    while at < len(octets):
        length = octets[at]
        at += 1
        if length >= 128:
            length += 128 * octets[at] - 128
            at += 1
        token = octets[at : at + length]
        at += length
        tokens.append(b"" if token.startswith(b"<") and token.endswith(b">") else token)
    return tokens
