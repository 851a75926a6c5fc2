"""Every time limit of the phone side, declared once, in milliseconds of line time."""

from app.core.timers import Timer

# Hook of a handset: an on-hook time of up to PULSE_BREAK is a dial pulse, FLASH_LEAST to
# FLASH_MOST a flash, over HANG_UP a hang-up; anything between these is ignored.
PULSE_BREAK = Timer(
    "pulse break", 200, 100, 250, "Longest on-hook time that is a dial pulse [DAHDI: 15-200 ms]."
)
PULSE_END = Timer(
    "pulse end", 250, 150, 750, "Off-hook time that ends a pulse-dialled digit [DAHDI: 250 ms]."
)
FLASH_LEAST = Timer("flash least", 300, 70, 500, "Shortest on-hook time that is a flash [GR-506].")
FLASH_SHORT = Timer(
    "short flash",
    210,
    210,
    500,
    "The same outside North America, where R keys break the loop for 200 to 320 ms (France) or 250"
    " ms (cordless telephones).",
)
FLASH_MOST = Timer("flash most", 800, 200, 1250, "Longest on-hook time that is a flash [GR-506].")
HANG_UP = Timer("hang-up", 1250, 200, 2000, "On-hook time that ends a call [DAHDI: 1250 ms].")

# A trunk.
RING_GAP = Timer(
    "ring gap", 8000, 4000, 12000, "Silence after a ring burst that means the caller gave up."
)
CPC = Timer("CPC", 60, 20, 800, "Open loop while seized: the far end hung up [GR-506 OSI].")
POLARITY_SETTLE = Timer(
    "polarity settle",
    600,
    100,
    2000,
    "After seizing: a reversal within this time belongs to that, later ones to the far end.",
)
ANNOUNCED = Timer(
    "announced", 6000, 1000, 12000, "From caller ID before the first burst to that burst."
)
DATA_REVERSAL = Timer(
    "data reversal", 2000, 500, 5000, "Japan: from the line's reversal to a burst that asks for it."
)
DATA_BURST = Timer(
    "data burst", 750, 550, 900, "Japan: a longer burst is ringing, one for data lasts 500 ms."
)
DATA_WAIT = Timer(
    "data wait", 7000, 3000, 15000, "Japan: from closing the loop to the end of the data, at most."
)
CALLER_DIGITS = Timer(
    "caller digits",
    500,
    200,
    2000,
    "Between two digits of caller ID by DTMF [ETSI EN 300 659-1, annex B: 70 ms, ± tolerance].",
)
RELEASE_GUARD = Timer(
    "release guard",
    800,
    200,
    2000,
    "After a release: what the line does for this long means nothing.",
)

# Dialling on a trunk.
DIAL_TONE_HEARD = Timer(
    "dial tone heard", 400, 200, 1000, "Dial tone of the office before the first digit is sent."
)
DIAL_TONE_WAIT = Timer(
    "dial tone wait", 4000, 1000, 15000, "Without dial tone the number is sent all the same."
)
DIALLED_PULSE_BREAK = Timer(
    "dialled pulse break", 60, 50, 70, "Open loop of a pulse that is sent [GR-506: 58 to 64 %]."
)
DIALLED_PULSE_MAKE = Timer(
    "dialled pulse make", 40, 30, 50, "Closed loop between two pulses: ten a second."
)
BETWEEN_DIGITS = Timer(
    "between digits", 800, 600, 3000, "Between two digits sent by pulses [GR-506: 600 ms]."
)
DIAL_TONE_IN_CALL = Timer(
    "dial tone in call", 3000, 1000, 10000, "Dial tone of the office that means: nobody is there."
)
SUSPECT_TONE = Timer(
    "suspect tone",
    250,
    100,
    1000,
    "Dial tone of the office in a call, at which digits of a handset end it. It may have sounded 70"
    " ms less; the sound packs' speech stays below it.",
)
TAKEN_AS_ANSWERED = Timer(
    "taken as answered",
    20000,
    5000,
    60000,
    "Without a sign of an answer a call outside counts as one after this.",
)
LINE_CLEARS = Timer(
    "line clears", 2500, 1500, 5000, "From ending a call for an emergency to seizing its line."
)

# A script.
CLERK_PATIENCE = Timer(
    "clerk patience", 2000, 500, 5000, "Silence after which who waits for the clerk hears so."
)

# Ringing a handset: the lengths come from the country's cadence.
RING_BURST = Timer("ring burst", 2000, 100, 5000, "Ringing voltage on the line [GR-506: 2 s].")
RING_SILENCE = Timer("ring silence", 4000, 100, 6000, "Between two bursts [GR-506: 4 s].")
CALLER_ID_FIRST = Timer(
    "caller ID first",
    4000,
    1000,
    8000,
    "Caller ID before the first burst, where the country has it so; as long as its data are.",
)
DISPLAY_PAUSE = Timer(
    "display pause", 500, 300, 1000, "Japan: before a burst for a display, and between two."
)
DISPLAY_BURST = Timer("display burst", 500, 300, 600, "Japan: a burst that asks for the loop.")
DISPLAY_HOLDS = Timer(
    "display holds",
    3000,
    1500,
    8000,
    "Japan: from closing the loop for data to opening it; who holds it for longer has answered.",
)
CALLER_ID_LEAD = Timer(
    "caller ID lead", 500, 500, 1500, "From the end of a burst to caller ID [GR-30: 500 ms]."
)
CALLER_ID_TAIL = Timer(
    "caller ID tail", 200, 200, 1000, "From the end of caller ID to the next burst [GR-30: 200 ms]."
)

# Message waiting: VMWI is sent to a handset at rest.
VMWI_PAUSE = Timer(
    "VMWI pause", 500, 200, 5000, "A handset is at rest for this long before VMWI is sent."
)
VMWI_REFRESH = Timer(
    "VMWI refresh", 600_000, 60_000, 3_600_000, "From one VMWI to the next when nothing changes."
)
VMWI_TAIL = Timer("VMWI tail", 200, 100, 1000, "After VMWI the line still carries sound.")

# Dialling on a handset.
FIRST_DIGIT = Timer("first digit", 15000, 5000, 60000, "Dial tone without a digit.")
NEXT_DIGIT = Timer("next digit", 4000, 1000, 15000, "After a digit, when more could follow.")

# A call.
NO_ANSWER = Timer(
    "no answer",
    20000,
    4000,
    120000,
    "Ringing before voicemail answers (see PhoneConfig); caller ID needs the first 4 s.",
)
PICK_UP = Timer(
    "pick-up", 400, 200, 1500, "From seizing a trunk to the first sound [Si3050: 128 + 256 ms]."
)

# A handset with a second call, and who waits for it.
SHORTEST_MUSIC = Timer(
    "shortest music", 1000, 100, 5000, "Music on hold that is over sooner is not begun again."
)
FLASH_KEY = Timer(
    "flash key", 3000, 1000, 10000, "After a flash, for a key that says what it means."
)
NOBODY_THERE = Timer(
    "nobody there",
    8000,
    2000,
    60000,
    "The tone after a second call, before the handset is back with who is on hold.",
)
HANDSET_REST = Timer(
    "handset rest", 600, 200, 3000, "From putting a handset on its hook to ringing it back."
)
PARK_RETURN = Timer(
    "park return", 120_000, 10_000, 1_800_000, "A party is parked before who parked it is rung."
)

# Caller ID on call waiting [GR-575; ETSI EN 300 659-2].
ALERT_WAIT = Timer("alert wait", 650, 300, 2000, "From call waiting tone to the alerting signal.")
ALERT_SIGNAL = Timer("alert signal", 90, 80, 100, "The alerting signal [GR-30: 80 to 85 ms].")
ALERT_ANSWER = Timer(
    "alert answer", 260, 160, 500, "For the telephone's D [GR-30: 160 ms], and to recognize it."
)
SECOND_ID_DATA = Timer(
    "second caller's data", 1000, 200, 3000, "At most; it is as long as name and number are."
)

# A fax.
CNG_CYCLE_SHORTEST = Timer(
    "CNG cycle shortest",
    2900,
    2000,
    3500,
    "Between CNG bursts [T.30 4.2: 3.5 s -15 %].",
)
CNG_CYCLE_LONGEST = Timer(
    "CNG cycle longest", 4100, 3500, 5000, "Between CNG bursts [T.30 4.2: 3.5 s +15 %]."
)
FAX_LONGEST = Timer(
    "fax longest", 3_600_000, 600_000, 7_200_000, "A fax call that takes longer is ended."
)
FAX_ENGINE_LATE = Timer(
    "fax engine late", 5000, 1000, 20000, "Without samples from the fax engine: it is given up."
)

FAX_LOOK = Timer(
    "fax look", 5000, 1000, 60000, "Between looks for a fax that is to be sent, while there is one."
)

# A handset whose call is over and that is still off hook.
LOOP_OPEN = Timer(
    "loop open",
    500,
    100,
    1500,
    "Without battery, which tells that the far end has gone [GR-506 open switching interval; "
    "DAHDI's kewlstart: 500 ms].",
)
BUSY_TONE = Timer("busy tone", 30000, 5000, 120000, "Busy or reorder tone before the howler.")
HOWLER = Timer("howler", 60000, 10000, 180000, "Receiver-off-hook tone before silence.")

TIMERS: tuple[Timer, ...] = tuple(t for t in globals().values() if isinstance(t, Timer))
"""All of them, for the console and the manual."""
