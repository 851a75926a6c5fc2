#!/bin/bash
# Versions: Debian 12, device-tree-compiler 1.6.1-4+b1 (dtc, fdtoverlay).
#
# In a device tree source "/delete-property/ NAME;" and "/delete-node/ NAME;" take away what an earlier
# part of the source has put there. In the source of an overlay (/plugin/) one would expect that they
# take it away from the tree the overlay is applied to, or that dtc refuses them: the overlay's format
# has no way to say it. In fact dtc compiles them without an error or a warning, and nothing of
# them is in the overlay. After fdtoverlay the property and the node are still there, beside what
# the same lines of the overlay have set. The same text appended to the source of the tree takes
# them away.
#
# Seen:
#   dtc of the overlay: exit 0, 0 octets of warnings
#   with the overlay applied: status okay, clock-frequency 1000, child there
#   the same in one source: status okay, clock-frequency gone, child gone
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
version=1.6.1-4+b1

mkdir -p debs/partial root
apt-get install --reinstall --download-only -y -qq --no-install-recommends \
    -o Debug::NoLocking=1 -o APT::Sandbox::User=root -o Dir::Cache::archives="$work/debs" \
    device-tree-compiler=$version >apt.log 2>&1 || { cat apt.log; exit 1; }
for package in debs/*.deb; do dpkg -x "$package" root; done
libraries=root/usr/lib/$(uname -m)-linux-gnu  # if the machine has them not
dtc() { LD_LIBRARY_PATH=$libraries root/usr/bin/dtc "$@"; }
fdtoverlay() { LD_LIBRARY_PATH=$libraries root/usr/bin/fdtoverlay "$@"; }
fdtget() { LD_LIBRARY_PATH=$libraries root/usr/bin/fdtget "$@"; }

cat >change.dts <<'DTS'
&bus {
    status = "okay";
    /delete-property/ clock-frequency;
    /delete-node/ child;
};
DTS
cat >base.dts <<'DTS'
/dts-v1/;
/ {
    bus: bus {
        status = "disabled";
        clock-frequency = <1000>;
        child { wanted; };
    };
};
DTS
{ printf '/dts-v1/;\n/plugin/;\n'; cat change.dts; } >overlay.dts
cat base.dts change.dts >whole.dts

dtc -@ -O dtb -o base.dtb base.dts
status=0
dtc -@ -O dtb -o overlay.dtbo overlay.dts 2>warnings || status=$?
fdtoverlay -i base.dtb -o applied.dtb overlay.dtbo
dtc -@ -O dtb -o whole.dtb whole.dts
tell() { # TREE: what is in its bus
    clock=$(fdtget "$1" /bus clock-frequency 2>/dev/null) || clock=gone
    child=gone
    if fdtget -l "$1" /bus | grep -qx child; then child=there; fi
    echo "status $(fdtget "$1" /bus status), clock-frequency $clock, child $child"
}
found="dtc of the overlay: exit $status, $(stat -c %s warnings) octets of warnings
with the overlay applied: $(tell applied.dtb)
the same in one source: $(tell whole.dtb)"
echo "$found"
[ "$found" = "dtc of the overlay: exit 0, 0 octets of warnings
with the overlay applied: status okay, clock-frequency 1000, child there
the same in one source: status okay, clock-frequency gone, child gone" ] ||
    { echo "it behaves otherwise now"; exit 1; }
