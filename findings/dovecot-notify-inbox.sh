#!/bin/bash
# Versions: Debian 12, dovecot-core and dovecot-imapd 1:2.3.19.1+dfsg1-2.1+deb12u7. As root, for a mount
# namespace.
#
# One login sees somebody else's mailboxes by a fixed namespace, prefix user/anna/. LIST names her
# inbox user/anna, STATUS counts its mails by that name, and NOTIFY SET (RFC 5465) takes it and says
# OK. One would expect to be told of new mail then, as one is of the folder user/anna/Work half a
# second later. In fact nothing is ever told of user/anna. It is of user/anna/INBOX, which LIST does
# not name; and after that was asked for, the first mails may still go untold.
#
# Seen:
#   LIST: INBOX user/anna user/anna/Work
#   NOTIFY user/anna: OK, told of 0 of 3 mails
#   NOTIFY user/anna/Work: OK, told of 3 of 3 mails
#   NOTIFY user/anna/INBOX: OK, told after some mails
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
chmod 755 .
version=1:2.3.19.1+dfsg1-2.1+deb12u7
apt-get download -qq dovecot-core="$version" dovecot-imapd="$version" libapparmor1 libexttextcat-2.0-0 \
    libicu72 liblua5.4-0 libsodium23 libstemmer0d libtirpc3 libunwind8 libwrap0 \
    2>apt.log || { cat apt.log; exit 1; }
for package in *.deb; do dpkg-deb -x "$package" package; done
port=$(python3 -c 'import socket; s = socket.create_server(("127.0.0.1", 0)); print(s.getsockname()[1])')
mkdir mail home
cat >users <<END
anna:{PLAIN}secret::::::
desk:{PLAIN}secret::::::
END
cat >conf <<END
protocols = imap
base_dir = $work/run
state_dir = $work/state
log_path = $work/log
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
default_internal_user = nobody
default_internal_group = nogroup
default_login_user = nobody
first_valid_uid = 1
first_valid_gid = 1
mail_location = maildir:$work/mail/%u
mailbox_list_index = yes
mailbox_list_index_include_inbox = yes
mailbox_idle_check_interval = 1s
passdb {
  driver = passwd-file
  args = username_format=%u $work/users
}
userdb {
  driver = static
  args = uid=nobody gid=nogroup home=$work/home/%u
}
namespace inbox {
  inbox = yes
  separator = /
}
namespace anna {
  prefix = user/anna/
  separator = /
  location = maildir:$work/mail/anna:INBOX=$work/mail/anna
  list = yes
}
service imap-login {
  inet_listener imap {
    port = $port
  }
  inet_listener imaps {
    port = 0
  }
}
END
chown -R nobody:nogroup mail home
cat >talk.py <<'PYTHON'
import imaplib
import select
import sys
import time

MAIL = b"Subject: x\r\n\r\nhello\r\n"
FOLDERS = {"user/anna": "INBOX", "user/anna/Work": "Work", "user/anna/INBOX": "INBOX"}


def logged_in(who):
    for _ in range(200):
        try:
            client = imaplib.IMAP4("127.0.0.1", int(sys.argv[1]))
            break
        except OSError:
            time.sleep(0.1)
    client.login(who, "secret")
    return client


def watching(name):
    """A connection that is to be told of new mail in this mailbox alone, and the answer."""
    client = logged_in("desk")
    assert client.status(name, "(MESSAGES)")[0] == "OK"
    client.send(b"n1 NOTIFY SET (mailboxes %s (MessageNew MessageExpunge))\r\n" % name.encode())
    while not (line := client.readline()).startswith(b"n1 "):
        pass
    return client, line.split()[1].decode()


def is_told(client, name):
    """Whether a mail that is put there now is told within 4 s."""
    anna.append(FOLDERS[name], None, None, MAIL)
    return bool(select.select([client.sock], [], [], 4)[0]) and name.encode() in client.readline()


anna = logged_in("anna")
anna.append("INBOX", None, None, MAIL)
anna.create("Work")
print("LIST:", *sorted(row.decode().split()[-1] for row in logged_in("desk").list()[1]))
for name in ("user/anna", "user/anna/Work"):
    client, answer = watching(name)
    told = [is_told(client, name) for _ in range(3)]
    print(f"NOTIFY {name}: {answer}, told of {sum(told)} of 3 mails")
client, answer = watching("user/anna/INBOX")
told = any(is_told(client, "user/anna/INBOX") for _ in range(10))
print(f"NOTIFY user/anna/INBOX: {answer}, {'told after some mails' if told else 'never told'}")
PYTHON
cat >inside.sh <<END
mount -t overlay overlay -o lowerdir=$work/package/usr:/usr /usr
/usr/sbin/dovecot -F -c $work/conf 2>$work/err &
python3 talk.py $port
kill \$!
wait \$!
END
found=$(unshare -m --propagation private sh inside.sh) || { cat log err; exit 1; }
echo "$found"
[ "$found" = "LIST: INBOX user/anna user/anna/Work
NOTIFY user/anna: OK, told of 0 of 3 mails
NOTIFY user/anna/Work: OK, told of 3 of 3 mails
NOTIFY user/anna/INBOX: OK, told after some mails" ] || { echo "it behaves otherwise now"; exit 1; }
