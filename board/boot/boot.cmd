# U-Boot's part of A/B: which slot to start, its kernel checked first. Its twin in Python, told at
# more length, is app/device/update/slots.py and slots_content.py; a test holds the two together.
#
# State is in two files of 512 octets on this FAT, slot0.env and slot1.env: checksummed; the valid one
# with the higher sequence number counts, and the other one is written. A slot marked good is started
# without any write. All numbers are hexadecimal, as itest and setexpr take them.

setenv mem ${ramdisk_addr_r}
setenv seq 0
setenv good A
setenv trial none
setenv left 0
setenv spare 0
for n in 0 1; do
  # a shorter file would be checked together with what this memory held before
  setenv filesize 0
  load ${devtype} ${devnum}:1 ${mem} slot${n}.env
  if test ${filesize} = 200; then
    if env import -c ${mem} 0x200 slot_seq slot_good slot_trial slot_left; then
      if itest ${slot_seq} -gt ${seq}; then
        setenv seq ${slot_seq}
        setenv good ${slot_good}
        setenv trial ${slot_trial}
        setenv left ${slot_left}
        if test ${n} = 0; then setenv spare 1; else setenv spare 0; fi
      fi
    fi
  fi
done

# A slot on trial has a few tries, counted down before each; none left means the good one.
setenv first ${good}
if test ${trial} != none; then
  if itest ${left} -gt 0; then
    setexpr slot_seq ${seq} + 1
    setexpr slot_left ${left} - 1
    setenv slot_good ${good}
    setenv slot_trial ${trial}
    env export -c -s 0x200 ${mem} slot_seq slot_good slot_trial slot_left
    if fatwrite ${devtype} ${devnum}:1 ${mem} slot${spare}.env 0x200; then
      setenv first ${trial}
    fi
  fi
fi
echo "slots: good ${good}, trial ${trial}, tries left ${left}; starting ${first}"

# The machine: its console, its device tree, arguments that the owner added.
setenv extra
if load ${devtype} ${devnum}:1 ${mem} extra.env; then
  env import -t ${mem} ${filesize} extra
fi
if test ${devtype} = virtio; then
  setenv console ttyAMA0
  setenv tree ${fdtcontroladdr}
else
  setenv console ttyS1,115200
  setenv tree ${fdt_addr}
fi

# A slot's partition: squashfs, then at the next 4096 octets one page of facts, kernel, overlay.
for slot in ${first} ${good} A B; do
  if test ${slot} = A; then setenv partition 2; else setenv partition 3; fi
  part start ${devtype} ${devnum} ${partition} begin
  if test ${devtype} = usb; then
    # a stick and a card written from one image have the same UUIDs
    setenv root /dev/sda${partition}
  else
    part uuid ${devtype} ${devnum}:${partition} uuid
    setenv root PARTUUID=${uuid}
  fi
  if ${devtype} read ${mem} ${begin} 1 && itest.l *${mem} == 0x73717368; then
    setexpr used ${mem} + 0x28
    setexpr.l used *${used}
    setexpr used ${used} + 0xfff
    setexpr used ${used} / 0x1000
    setexpr used ${used} * 8
    setexpr at ${begin} + ${used}
    if ${devtype} read ${mem} ${at} 8 && env import -t ${mem} 0x1000 kernel_blocks kernel_size kernel_sum kernel_crc overlay_blocks; then
      setexpr at ${at} + 8
      if ${devtype} read ${kernel_addr_r} ${at} ${kernel_blocks} && crc32 ${kernel_addr_r} ${kernel_size} ${mem}; then
        # U-Boot's crc32 leaves the sum in one octet order or the other, as it was built
        if itest.l *${mem} == ${kernel_sum} || itest.l *${mem} == ${kernel_crc}; then
          if test ${devtype} != virtio; then
            setexpr at ${at} + ${kernel_blocks}
            ${devtype} read ${mem} ${at} ${overlay_blocks}
            if fdt addr ${tree} && fdt move ${tree} ${fdt_addr_r} 0x10000 && fdt apply ${mem}; then
              setenv tree ${fdt_addr_r}
            fi
          fi
          # what is not the good slot has yet to prove itself: the service "trial" sees to that
          if test ${slot} = ${good}; then setenv told; else setenv told switchhook.trial; fi
          # an init named here that cannot be started is a panic, and so a restart; else it would be a shell
          setenv bootargs "console=tty1 console=${console} root=${root} rootwait ro rootfstype=squashfs init=/sbin/init panic=5 switchhook.slot=${slot} ${told} ${extra}"
          booti ${kernel_addr_r} - ${tree}
        fi
      fi
    fi
  fi
  echo "slots: ${slot} cannot be started"
done
echo "slots: nothing to start here; a USB stick with the card image is tried next, else write the card anew"
