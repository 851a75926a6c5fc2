#!/bin/bash
# Versions: Debian 12, opensmtpd 6.8.0p2-4+b4, openssl 3.0. As root, for a mount namespace.
#
# The package's server is given a key and a certificate as its manual says, checks them (smtpd -n)
# and offers STARTTLS. One would expect a handshake. In fact none succeeds, with an RSA key as little
# as with one on an elliptic curve: the process that speaks TLS has only the public half of the key
# and an RSA engine of its own for the rest, which OpenSSL 3 does not ask. The client is told
# "internal error", the log "missing private key". A client that takes STARTTLS for granted never
# gets a mail there; one that goes on in plain text does.
#
# Seen:
#   offers STARTTLS: yes
#   handshake: alert internal error
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
chmod 755 .
apt-get download -qq opensmtpd=6.8.0p2-4+b4 libevent-2.1-7 2>apt.log || { cat apt.log; exit 1; }
for package in *.deb; do dpkg-deb -x "$package" package; done
mkdir -p own/var/lib/opensmtpd/empty mounts
openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=localhost -days 7 \
    -keyout far.key -out far.crt 2>openssl.log
port=$(python3 -c 'import socket; s = socket.create_server(("127.0.0.1", 0)); print(s.getsockname()[1])')
cat >smtpd.conf <<END
pki far cert "$work/far.crt"
pki far key "$work/far.key"
listen on 127.0.0.1 port $port tls pki far
action "local" maildir
match from any for any action "local"
END
cat >inside.sh <<END
mount -t tmpfs tmpfs $work/mounts
mkdir $work/mounts/etc $work/mounts/var $work/mounts/1 $work/mounts/2
(cat /etc/passwd; echo "opensmtpd:x:903:903::/:/bin/false"; echo "opensmtpq:x:904:904::/:/bin/false") \
    >$work/mounts/etc/passwd
(cat /etc/group; echo "opensmtpd:x:903:"; echo "opensmtpq:x:904:") >$work/mounts/etc/group
mount -t overlay overlay -o lowerdir=$work/package/usr:/usr /usr
mount -t overlay overlay -o lowerdir=/etc,upperdir=$work/mounts/etc,workdir=$work/mounts/1 /etc
mount -t overlay overlay \
    -o lowerdir=$work/own/var:/var,upperdir=$work/mounts/var,workdir=$work/mounts/2 /var
mount -t tmpfs tmpfs /run
smtpd -n -f $work/smtpd.conf
smtpd -d -f $work/smtpd.conf &
sleep 2
openssl s_client -starttls smtp -connect 127.0.0.1:$port </dev/null
END
unshare --mount --pid --fork --mount-proc sh inside.sh >out.log 2>&1 || true
grep -q 'configuration OK' out.log || { cat out.log; exit 1; }
offers=no handshake=succeeds
grep -q 'CN = localhost' out.log && offers=yes
grep -q 'alert internal error' out.log && handshake='alert internal error'
echo "offers STARTTLS: $offers"
echo "handshake: $handshake"
[ "$offers $handshake" = 'yes alert internal error' ] ||
    { echo "it behaves otherwise now"; exit 1; }
