################################################################################
#
# espeak-ng
#
################################################################################

# Debian's archive of the release, without the parts that are not free software.
ESPEAK_NG_VERSION = 1.52.0+dfsg
ESPEAK_NG_SOURCE = espeak-ng_$(ESPEAK_NG_VERSION).orig.tar.gz
ESPEAK_NG_SITE = $(SWITCHHOOK_DEBIAN_ARCHIVE)/pool/main/e/espeak-ng
ESPEAK_NG_LICENSE = GPL-3.0+, Apache-2.0, BSD-2-Clause, Unicode-DFS-2015
ESPEAK_NG_LICENSE_FILES = COPYING COPYING.APACHE COPYING.BSD2 COPYING.UCD
ESPEAK_NG_AUTORECONF = YES
HOST_ESPEAK_NG_AUTORECONF = YES

# The voices' data is the same for every machine, and made by the program itself: the host's.
ESPEAK_NG_DEPENDENCIES = host-espeak-ng

ESPEAK_NG_CONF_OPTS = \
	--without-async \
	--without-klatt \
	--without-mbrola \
	--without-pcaudiolib \
	--without-sonic \
	--without-speechplayer
HOST_ESPEAK_NG_CONF_OPTS = $(ESPEAK_NG_CONF_OPTS)

# What automake asks for, and the archive has under other names.
define ESPEAK_NG_ADD_FILES
	mkdir -p $(@D)/m4
	touch $(@D)/AUTHORS $(@D)/NEWS $(@D)/README
endef
ESPEAK_NG_POST_PATCH_HOOKS += ESPEAK_NG_ADD_FILES
HOST_ESPEAK_NG_POST_PATCH_HOOKS += ESPEAK_NG_ADD_FILES

ESPEAK_NG_MAKE_OPTS = src/espeak-ng src/libespeak-ng.la
ESPEAK_NG_INSTALL_TARGET_OPTS = DESTDIR=$(TARGET_DIR) install-exec

define ESPEAK_NG_INSTALL_DATA
	mkdir -p $(TARGET_DIR)/usr/share
	cp -a $(HOST_DIR)/share/espeak-ng-data $(TARGET_DIR)/usr/share/
endef
ESPEAK_NG_POST_INSTALL_TARGET_HOOKS += ESPEAK_NG_INSTALL_DATA

$(eval $(autotools-package))
$(eval $(host-autotools-package))
