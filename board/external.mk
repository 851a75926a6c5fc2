include $(sort $(wildcard $(BR2_EXTERNAL_SWITCHHOOK_PATH)/package/*/*.mk))
