#!/bin/bash
# Versions: Debian 12, chromium 156.0.8078.108 (its package), Python 3.11.
#
# A page with `Referrer-Policy: no-referrer` sends a form to the server that it came from. One would
# expect the Origin header to name that server: the form leaves no site, and the header is what a
# server tells forms of its own from those of other sites by. In fact the browser sends
# "Origin: null" [Fetch, append a request Origin header, case "no-referrer"], as from a stranger's
# page, so a server that has both the header and the check refuses every form of its own. With
# `Referrer-Policy: same-origin`, which tells other sites as little, the origin is there.
#
# Seen:
#   no-referrer: null
#   same-origin: http://127.0.0.1
set -eu
command -v chromium >/dev/null || { echo "chromium is missing: apt-get install chromium"; exit 1; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

cat >serve.py <<'PYTHON'
import http.server
import subprocess
import sys
import threading

POLICIES = ("no-referrer", "same-origin")
found = {}


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        page = b"<form method=post></form><script>document.forms[0].submit()</script>"
        self.answer(page if self.path[1:] in POLICIES else b"")

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        found[self.path[1:]] = self.headers["Origin"]
        self.answer(b"done")

    def answer(self, body):
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Referrer-Policy", self.path[1:] if self.path[1:] in POLICIES else "")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
threading.Thread(target=server.serve_forever, daemon=True).start()
port = server.server_address[1]
for policy in POLICIES:
    command = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={policy}",
               "--virtual-time-budget=5000", "--dump-dom", f"http://127.0.0.1:{port}/{policy}"]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    print(f"{policy}: {found.get(policy, 'no form came').replace(f':{port}', '')}")
PYTHON
python3 serve.py >found
cat found
[ "$(cat found)" = "no-referrer: null
same-origin: http://127.0.0.1" ]
