#!/bin/bash
# Versions: Python 3.11, aiosmtplib 5.1.3 (pip).
#
# A mail server that must shut down answers RCPT with 421, says why, and closes [RFC 5321 3.8].
# With one recipient, sendmail() raises SMTPRecipientsRefused, which holds code and text. One would
# expect the same with two recipients: the server gave the same reply to the first. In fact the
# client goes on to the second on the connection that is gone, and what reaches the caller is
# SMTPServerDisconnected("Server not connected"), without code or text: a temporary refusal with
# its reason cannot be told from a cable that was pulled out.
#
# Seen:
#   1 recipient: SMTPRecipientsRefused, 421 in it: yes
#   2 recipients: SMTPServerDisconnected, 421 in it: no
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check aiosmtplib==5.1.3 2>pip.log ||
    { cat pip.log; exit 1; }

cat >send.py <<'PYTHON'
import asyncio

import aiosmtplib


async def server(reader, writer):
    writer.write(b"220 hop.test\r\n")
    while line := await reader.readline():
        if line[:4].upper() == b"RCPT":
            writer.write(b"421 4.3.2 hop.test shuts down for maintenance\r\n")
            await writer.drain()
            writer.close()
            return
        writer.write(b"250 hop.test\r\n")
        await writer.drain()


async def send(count):
    listener = await asyncio.start_server(server, "127.0.0.1", 0)
    port = listener.sockets[0].getsockname()[1]
    client = aiosmtplib.SMTP(hostname="127.0.0.1", port=port)
    await client.connect()
    recipients = [f"r{number}@b.test" for number in range(count)]
    try:
        await client.sendmail("a@a.test", recipients, b"Subject: x\r\n\r\nhello\r\n")
        outcome = "sent"
    except aiosmtplib.SMTPException as error:
        outcome = f"{type(error).__name__}, 421 in it: {'yes' if '421' in repr(error) else 'no'}"
    print(f"{count} recipient{'s' * (count > 1)}: {outcome}")
    listener.close()


for count in (1, 2):
    asyncio.run(send(count))
PYTHON
venv/bin/python send.py >found
cat found
[ "$(cat found)" = "1 recipient: SMTPRecipientsRefused, 421 in it: yes
2 recipients: SMTPServerDisconnected, 421 in it: no" ] || { echo "it behaves otherwise now"; exit 1; }
