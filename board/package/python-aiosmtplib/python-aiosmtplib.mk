################################################################################
#
# python-aiosmtplib
#
################################################################################

PYTHON_AIOSMTPLIB_VERSION = 5.1.3
PYTHON_AIOSMTPLIB_SOURCE = aiosmtplib-$(PYTHON_AIOSMTPLIB_VERSION).tar.gz
PYTHON_AIOSMTPLIB_SITE = $(SWITCHHOOK_PYTHON_ARCHIVE)/packages/9b/5c/9cabc5db6d607616e81ba6d8f1f231cd5a75955807a308c1090a59072d6d
PYTHON_AIOSMTPLIB_SETUP_TYPE = hatch
PYTHON_AIOSMTPLIB_LICENSE = MIT
PYTHON_AIOSMTPLIB_LICENSE_FILES = LICENSE.txt

$(eval $(python-package))
