################################################################################
#
# switchhook-prompts-en
#
################################################################################

SWITCHHOOK_PROMPTS_EN_VERSION = 1.6.1
SWITCHHOOK_PROMPTS_EN_SOURCE = asterisk-core-sounds-en-wav_$(SWITCHHOOK_PROMPTS_EN_VERSION)-1_all.deb
SWITCHHOOK_PROMPTS_EN_SITE = $(SWITCHHOOK_DEBIAN_ARCHIVE)/pool/main/a/asterisk-core-sounds
SWITCHHOOK_PROMPTS_EN_LICENSE = CC-BY-SA-3.0
SWITCHHOOK_PROMPTS_EN_LICENSE_FILES = usr/share/doc/asterisk-core-sounds-en-wav/copyright
SWITCHHOOK_PROMPTS_EN_INSTALL_TARGET = NO
SWITCHHOOK_PROMPTS_EN_INSTALL_IMAGES = YES

# A Debian package is an archive of archives; the host's ar opens it.
define SWITCHHOOK_PROMPTS_EN_EXTRACT_CMDS
	ar p $(SWITCHHOOK_PROMPTS_EN_DL_DIR)/$(SWITCHHOOK_PROMPTS_EN_SOURCE) data.tar.xz | \
		$(TAR) --extract --xz --directory $(@D)
endef

# The hook after the build makes a file system of this folder.
define SWITCHHOOK_PROMPTS_EN_INSTALL_IMAGES_CMDS
	rm -rf $(BINARIES_DIR)/prompts/en-$(SWITCHHOOK_PROMPTS_EN_VERSION)
	mkdir -p $(BINARIES_DIR)/prompts
	cp -a $(@D)/usr/share/asterisk/sounds/en_US_f_Allison \
		$(BINARIES_DIR)/prompts/en-$(SWITCHHOOK_PROMPTS_EN_VERSION)
	cp $(@D)/$(SWITCHHOOK_PROMPTS_EN_LICENSE_FILES) \
		$(BINARIES_DIR)/prompts/en-$(SWITCHHOOK_PROMPTS_EN_VERSION)/
endef

$(eval $(generic-package))
