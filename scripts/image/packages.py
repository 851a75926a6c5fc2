"""Which Debian packages the root file system is made of, and what of them stays out."""

PACKAGES: dict[str, str] = {
    "busybox-static": "init, shell, getty, udhcpc, mdev and the small tools",
    "s6": "supervises and logs the services",
    "python3-minimal": "the interpreter",
    "libpython3.11-stdlib": "its library",
    "libspandsp2": "tones, DTMF, caller ID",
    "espeak-ng": "speaks what no prompt says",
    "libsndfile1": "decodes the sound of other systems' voicemail",
    "libopencore-amrnb0": "decodes AMR, which libsndfile does not",
    "libasound2": "the sound card's library",
    "openssl": "the console's password as crypt(3) keeps it",
    "python3-cryptography": "signatures of updates, keys and certificates",
    "ca-certificates": "whom outgoing mail trusts",
    "chrony": "the time",
    "e2fsprogs": "makes, checks and grows the data file system",
    "fdisk": "sfdisk: the data partition grows to the card's end",
    "util-linux": "setpriv and chrt: services without root, with what they need and no more; partx,"
    " blkid, findfs",
    "avahi-daemon": "the name switchhook-….local (mDNS); it can do without a message bus",
    "wpasupplicant": "joins a wireless network",
    "firmware-brcm80211": "what the radio of a Raspberry Pi runs",
    "wireless-regdb": "which channels a country allows",
    "tzdata": "the hour a message came, as its owner counts it",
}
"""With the reason of each; what they depend on comes along."""

UNUSED = (
    "adduser", "dbus", "dbus-bin", "dbus-daemon", "dbus-session-bus-common",
    "dbus-system-bus-common", "debconf", "dpkg", "gcc-12-base", "init-system-helpers", "iproute2",
    "libcap2-bin", "libdb5.3", "libfile-find-rule-perl", "libgdbm-compat4", "libgdbm6",
    "libnumber-compare-perl", "libpam-modules", "libpam-modules-bin", "libperl5.36",
    "libtext-glob-perl", "logsave", "passwd", "perl", "perl-base", "perl-modules-5.36",
    "sensible-utils", "tar", "ucf", "usrmerge", "libx11-data", "libaudit-common",
    "libsemanage-common", "libtirpc-common", "media-types", "python3", "python3.11",
    "python3-cffi-backend", # the wheel of cffi brings its own
)  # fmt: skip
"""Packages that come along and do nothing on a device: installers, and what a shell of busybox
does as well. Libraries that then have no user go by themselves (linking.py)."""

REMOVED = (
    "var/lib/dpkg", "var/lib/apt", "var/cache", "var/log", "var/backups", "etc/apt", "etc/dpkg",
    "etc/init.d", "etc/rc?.d", "etc/cron.*", "etc/logrotate.d", "etc/ppp", "etc/NetworkManager",
    "etc/dhcp", "etc/systemd", "etc/perl", "etc/pam.d", "etc/security", "etc/selinux",
    "etc/resolv.conf", "etc/hostname", "etc/hosts", "etc/python3*", "etc/default", "etc/skel",
    "etc/dbus-1", "etc/apparmor.d", "etc/pulse", "etc/gss", "etc/ifplugd", "etc/network",
    "etc/alternatives", "etc/ucf.conf", "etc/acpi", "etc/iproute2", "etc/libnl-3",
    "usr/lib/apt", "usr/lib/mime", "usr/lib/NetworkManager", "usr/lib/binfmt.d", "usr/lib/pm-utils",
    "usr/lib/networkd-dispatcher", "usr/lib/sysusers.d", "usr/lib/tmpfiles.d", "usr/lib/dbus-1.0",
    "usr/lib/*/engines-3", "usr/lib/*/krb5", "usr/lib/*/security",
    "usr/lib/*/gconv", "usr/lib/*/tc", "usr/lib/*/e2fsprogs", "lib/*/security", "lib/*/e2fsprogs",
    "usr/share/doc", "usr/share/doc-base", "usr/share/man", "usr/share/info", "usr/share/locale",
    "usr/share/lintian", "usr/share/bug", "usr/share/fonts", "usr/share/icons", "usr/share/pixmaps",
    "usr/share/applications", "usr/share/menu", "usr/share/metainfo", "usr/share/polkit-1",
    "usr/share/bash-completion", "usr/share/binfmts", "usr/share/common-licenses",
    "usr/share/dbus-1", "usr/share/debconf", "usr/share/gcc", "usr/share/gdb",
    "usr/share/initramfs-tools", "usr/share/mime", "usr/share/perl*", "usr/share/python3",
    "usr/share/vim", "usr/share/wpasupplicant", "usr/share/X11", "usr/share/alsa/ucm*",
    "usr/share/zoneinfo/right", "usr/share/zoneinfo/posix",
    "usr/include", "usr/lib/systemd", "lib/systemd", "usr/lib/udev", "lib/udev", "usr/lib/valgrind",
    "usr/lib/*/perl*",
    "usr/bin/perl*", "usr/bin/speak-ng", "sbin/debugfs", "sbin/fdisk", "sbin/cfdisk",
    "usr/lib/python3.11/ensurepip", "usr/lib/python3.11/idlelib", "usr/lib/python3.11/lib2to3",
    "usr/lib/python3.11/pydoc_data", "usr/lib/python3.11/tkinter", "usr/lib/python3.11/turtledemo",
    "usr/lib/python3.11/test", "usr/lib/python3.11/distutils", "usr/lib/python3.11/__pycache__",
    "usr/lib/python3.11/lib-dynload/_*dbm.*", "usr/lib/python3.11/lib-dynload/nis.*",
)  # fmt: skip
"""Patterns below the root: what only an installer or another init needs, Python's doors to
libraries that are not here."""

SPOKEN = (
    "cs", "da", "de", "el", "en", "es", "fi", "fr", "it", "ja", "nb", "nl", "pl", "pt", "ru", "sv",
)  # fmt: skip
"""Languages that the synthesizer of the image can speak: of countries in the settings, and of
Debian's recorded prompts. Voices and dictionaries of all others stay out: a voice without its
dictionary is silent, and the program exits with 0 all the same."""

DICTIONARIES = {"nb": "no"}
"""Where a language's dictionary is not called like the language."""

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
