#!/bin/bash
# Versions: tomlkit 0.15.2, tomli 2.2.1 as the reader beside it; both from PyPI.
#
# tomlkit changes a TOML file and leaves the rest of it as its owner wrote it. A file may give the keys
# of a table with dots (line.gain = 1). One would expect that a table put into such a table comes
# behind the keys that are there. In fact it comes behind the first of them, with a head of its own,
# and all that follows falls into it: line.pause, which nobody has touched, is line.tone.line.pause
# in the written file. The document in memory still has it in its old place, so that a look
# at it before it is written finds nothing; only one who reads the text again sees it.
#
# Seen:
#   in memory: line.gain = 1, line.pause = 2, line.tone.level = 3, mail.port = 25
#   read again: line.gain = 1, line.tone.level = 3, line.tone.line.pause = 2, mail.port = 25
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check tomlkit==0.15.2 tomli==2.2.1 2>pip.log ||
    { cat pip.log; exit 1; }

cat >change.py <<'PYTHON'
import tomli
import tomlkit

TEXT = """\
line.gain = 1
line.pause = 2

[mail]
port = 25
"""


def told(table, above=""):
    for key, value in sorted(table.items()):
        if isinstance(value, dict):
            yield from told(value, f"{above}{key}.")
        else:
            yield f"{above}{key} = {value}"


document = tomlkit.parse(TEXT)
document["line"]["tone"] = {"level": 3}
print("in memory:", ", ".join(told(document.unwrap())))
print("read again:", ", ".join(told(tomli.loads(tomlkit.dumps(document)))))
PYTHON
found=$(venv/bin/python change.py)
echo "$found"
[ "$found" = "in memory: line.gain = 1, line.pause = 2, line.tone.level = 3, mail.port = 25
read again: line.gain = 1, line.tone.level = 3, line.tone.line.pause = 2, mail.port = 25" ] ||
    { echo "it behaves otherwise now"; exit 1; }
