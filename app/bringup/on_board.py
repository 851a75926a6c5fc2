"""Experiments with all lines at once: the framing of the PCM stream, and what an overrun does."""

from dataclasses import asdict

from app.bringup.bench import Bench
from app.bringup.marker import SlotProof, prove_slots
from app.bringup.talk import Shown, Talk

STALL_S = 1.0
"""Longer than any sound card's buffer."""


def framing(bench: Bench, jack: str, talk: Talk) -> Shown:
    """A marker through each slot."""
    proofs = prove_slots(bench)
    return Shown(
        all(proof.proved for proof in proofs),
        f"{told(proofs)}. A slot that gives another's marker, or none, means that [pcm] in "
        "board.toml does not fit: framing (first_bit), width of a slot, or the chips' order",
        {"slots": [asdict(proof) for proof in proofs]},
    )


def overrun(bench: Bench, jack: str, talk: Talk) -> Shown:
    """Let the stream overrun, then send the markers again."""
    before, lost = prove_slots(bench), bench.lost_periods
    talk.say(f"the program stands still for {STALL_S:.0f} s")
    talk.stall(STALL_S)
    bench.catch_up()
    after, lost = prove_slots(bench), bench.lost_periods - lost
    same = [(one.jack, one.found) for one in before] == [(one.jack, one.found) for one in after]
    return Shown(
        same and all(proof.proved for proof in after),
        f"{lost} periods were lost; before: {told(before)}; after: {told(after)}. Slots that have "
        "changed places mean that audio must not be connected before the slots are proved again",
        {
            "lost_periods": lost,
            "before": [asdict(proof) for proof in before],
            "after": [asdict(proof) for proof in after],
        },
    )


def told(proofs: list[SlotProof]) -> str:
    """Each slot in a few words."""
    return ", ".join(
        f"{one.jack} (slot {one.slot}) gives "
        + (
            "nothing"
            if one.found < 0
            else f"the marker of slot {one.found} after {one.late} samples"
        )
        for one in proofs
    )
