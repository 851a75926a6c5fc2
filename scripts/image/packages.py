"""Which Debian packages the root file system is made of, and what of them stays out."""

PACKAGES: dict[str, str] = {
    "busybox-static": "init, shell, getty, udhcpc, mdev and the small tools",
    "s6": "supervises and logs the services",
    "python3-minimal": "the interpreter",
    "libpython3.11-stdlib": "its library",
    "libspandsp2": "tones, DTMF, caller ID",
    "espeak-ng": "speaks what no prompt says",
    "libasound2": "the sound card's library",
    "openssl": "checks the signature of an update, makes keys and certificates",
    "ca-certificates": "whom outgoing mail trusts",
    "chrony": "the time",
    "e2fsprogs": "makes, checks and grows the data file system",
    "util-linux": "setpriv and chrt: services without root, with what they need and no more",
    "avahi-daemon": "the name switchhook-….local (mDNS); it can do without a message bus",
    "wpasupplicant": "joins a wireless network",
    "firmware-brcm80211": "what the radio of a Raspberry Pi runs",
    "wireless-regdb": "which channels a country allows",
    "tzdata": "the hour a message came, as its owner counts it",
}
"""With the reason of each; what they depend on comes along."""

NOT_UNPACKED = (
    "/usr/share/doc/*", "/usr/share/man/*", "/usr/share/locale/*", "/usr/share/info/*",
    "/usr/share/lintian/*", "/usr/share/fonts/*", "/usr/share/perl*", "/usr/lib/*/perl*",
    "/usr/lib/*/gconv/*", "/usr/share/bash-completion/*", "/usr/share/bug/*",
    "/usr/share/zoneinfo/right/*", "/usr/share/zoneinfo/posix/*", "/usr/share/debconf/*",
    "/usr/share/doc-base/*", "/usr/share/menu/*", "/usr/share/pixmaps/*",
    "/usr/share/applications/*", "/usr/share/common-licenses/*", "/usr/share/icons/*",
    "/usr/include/*", "/usr/lib/systemd/*", "/lib/systemd/*", "/lib/udev/*", "/usr/lib/udev/*",
    "/usr/share/dbus-1/*", "/usr/share/wpasupplicant/*", "/etc/dbus-1/*",
    "/usr/lib/valgrind/*", "/usr/share/gdb/*", "/usr/share/alsa/ucm*/*",
)  # fmt: skip
"""Paths of packages that a device never opens (dpkg's path-exclude)."""

REMOVED = (
    "var/lib/dpkg", "var/lib/apt", "var/cache", "var/log", "var/backups", "etc/apt", "etc/dpkg",
    "etc/init.d", "etc/rc?.d", "etc/cron.*", "etc/logrotate.d", "etc/ppp", "etc/NetworkManager",
    "etc/dhcp", "etc/systemd", "etc/perl", "etc/pam.d", "etc/security", "etc/selinux",
    "etc/resolv.conf", "etc/hostname", "etc/hosts", "etc/python3*", "etc/default", "etc/skel",
    "usr/bin/perl*", "usr/lib/*/libperl*", "usr/bin/dpkg*", "usr/sbin/dpkg*", "usr/lib/dpkg",
    "usr/lib/apt", "usr/lib/*/libdb-5*", "usr/share/mime", "usr/share/perl5", "usr/share/python3",
    "usr/share/adduser", "usr/sbin/adduser", "usr/sbin/addgroup", "usr/sbin/deluser",
    "usr/sbin/delgroup", "usr/share/initramfs-tools", "usr/share/dpkg",
    "usr/lib/*/security", "usr/share/X11", "usr/share/pam*", "usr/share/tabset",
    "usr/bin/lastlog", "usr/bin/*passwd", "usr/bin/chage", "usr/bin/chfn", "usr/bin/chsh",
    "usr/bin/expiry", "usr/bin/faillog", "usr/bin/newgrp", "usr/bin/sg", "usr/sbin/group*",
    "usr/sbin/user*", "usr/sbin/pw*conv", "usr/sbin/pwck", "usr/sbin/grp*", "usr/sbin/*passwd",
    "usr/sbin/newusers", "usr/sbin/vi??", "usr/sbin/pam*", "usr/sbin/mkhomedir_helper",
    "usr/sbin/unix_*", "usr/sbin/faillock", "usr/sbin/cppw", "usr/sbin/cpgr", "usr/sbin/nologin",
    "usr/bin/update-alternatives", "usr/sbin/start-stop-daemon", "usr/bin/tar", "usr/sbin/rmt*",
    "usr/sbin/tarcat", "sbin/tc", "sbin/bridge", "sbin/devlink", "sbin/rdma", "sbin/tipc",
    "sbin/vdpa", "sbin/dcb", "usr/sbin/arpd", "usr/sbin/genl", "usr/bin/nstat", "usr/bin/rdma",
    "usr/bin/lnstat", "usr/bin/routel", "usr/bin/ctstat", "usr/bin/rtstat", "usr/bin/rtacct",
    "sbin/rtmon", "bin/ss", "bin/tar", "usr/bin/speak-ng", "sbin/debugfs",
    "usr/lib/*/espeak-ng-data/[!defj]*_dict", "usr/lib/*/espeak-ng-data/fa_dict",
    "usr/lib/python3.11/ensurepip", "usr/lib/python3.11/idlelib", "usr/lib/python3.11/lib2to3",
    "usr/lib/python3.11/pydoc_data", "usr/lib/python3.11/tkinter", "usr/lib/python3.11/turtledemo",
    "usr/lib/python3.11/test", "usr/lib/python3.11/distutils", "usr/lib/python3.11/__pycache__",
)  # fmt: skip
"""Patterns below the root: what apt drags along, what only an installer needs, languages that no
country of ours speaks."""

RADIO_FIRMWARE = (
    "brcm/brcmfmac434[35][05]-sdio.bin", "brcm/brcmfmac434[35][05]-sdio.clm_blob",
    "brcm/brcmfmac434[35][05]-sdio.raspberrypi,*", "cypress/cyfmac434[35][05]-sdio.*",
    "regulatory.db*",
)  # fmt: skip
"""All that is kept of usr/lib/firmware: for the radios of a Pi 3 and 4."""

LINKS = {
    "usr/lib/firmware/regulatory.db": "regulatory.db-debian",
    "usr/lib/firmware/regulatory.db.p7s": "regulatory.db.p7s-debian",
}
"""What update-alternatives would make; Debian's kernel source trusts Debian's signature."""
