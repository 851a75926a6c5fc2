################################################################################
#
# switchhook
#
################################################################################

SWITCHHOOK_VERSION = 0.1.0
SWITCHHOOK_SITE = $(BR2_EXTERNAL_SWITCHHOOK_PATH)/..
SWITCHHOOK_SITE_METHOD = local
SWITCHHOOK_LICENSE = MIT
SWITCHHOOK_LICENSE_FILES = LICENSE
SWITCHHOOK_OVERRIDE_SRCDIR_RSYNC_EXCLUSIONS = \
	--exclude /.venv --exclude /build --exclude /var --exclude __pycache__

# Our own steps run on the host's Python; reading board files takes numpy, signing takes cryptography.
# The kernel's configuration tells which boards of the source tree fit it.
SWITCHHOOK_DEPENDENCIES = host-python3 host-python-cryptography host-python-numpy linux

define SWITCHHOOK_INSTALL_TARGET_CMDS
	cd $(@D) && $(HOST_DIR)/bin/python3 -m scripts.image.buildroot \
		install $(TARGET_DIR) $(LINUX_DIR)/.config $(TARGET_CC)
endef

$(eval $(generic-package))
