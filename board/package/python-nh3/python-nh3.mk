################################################################################
#
# python-nh3
#
################################################################################

PYTHON_NH3_VERSION = 0.3.8
PYTHON_NH3_SOURCE = nh3-$(PYTHON_NH3_VERSION).tar.gz
PYTHON_NH3_SITE = $(SWITCHHOOK_PYTHON_ARCHIVE)/packages/45/45/2e8cb0c4dcb3ce1e8a66469d8367199a3db20555dfbad862c3c3187cf402
PYTHON_NH3_SETUP_TYPE = maturin
PYTHON_NH3_LICENSE = MIT
PYTHON_NH3_LICENSE_FILES = LICENSE

$(eval $(python-package))
