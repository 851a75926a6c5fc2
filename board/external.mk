# Where sources come from; named in the configuration, so that a mirror will do.
SWITCHHOOK_PYTHON_ARCHIVE = $(call qstrip,$(BR2_SWITCHHOOK_PYTHON_ARCHIVE))
SWITCHHOOK_DEBIAN_ARCHIVE = $(call qstrip,$(BR2_SWITCHHOOK_DEBIAN_ARCHIVE))

include $(sort $(wildcard $(BR2_EXTERNAL_SWITCHHOOK_PATH)/package/*/*.mk))
