################################################################################
#
# python-pypdfium2
#
################################################################################

PYTHON_PYPDFIUM2_VERSION = 5.15.2
PYTHON_PYPDFIUM2_SOURCE = pypdfium2-$(PYTHON_PYPDFIUM2_VERSION)-py3-none-manylinux_2_17_aarch64.manylinux2014_aarch64.whl
PYTHON_PYPDFIUM2_SITE = $(SWITCHHOOK_PYTHON_ARCHIVE)/packages/03/1f/7a18e64c50049dce8512239bcdb9f8469d0a0c352dd42ae85b6b01d143f8
PYTHON_PYPDFIUM2_LICENSE = Apache-2.0 or BSD-3-Clause, BSD-3-Clause (PDFium)
PYTHON_PYPDFIUM2_LICENSE_FILES = pypdfium2-$(PYTHON_PYPDFIUM2_VERSION).dist-info/licenses/LICENSES/BSD-3-Clause.txt pypdfium2-$(PYTHON_PYPDFIUM2_VERSION).dist-info/licenses/BUILD_LICENSES/pdfium.txt
PYTHON_PYPDFIUM2_DEPENDENCIES = host-python3 python3

define PYTHON_PYPDFIUM2_EXTRACT_CMDS
	$(HOST_DIR)/bin/python3 -m zipfile -e $(PYTHON_PYPDFIUM2_DL_DIR)/$(PYTHON_PYPDFIUM2_SOURCE) $(@D)
endef

define PYTHON_PYPDFIUM2_INSTALL_TARGET_CMDS
	mkdir -p $(TARGET_DIR)/usr/lib/python$(PYTHON3_VERSION_MAJOR)/site-packages
	cp -a $(@D)/pypdfium2 $(@D)/pypdfium2_raw $(@D)/pypdfium2_cfg $(@D)/pypdfium2-$(PYTHON_PYPDFIUM2_VERSION).dist-info \
		$(TARGET_DIR)/usr/lib/python$(PYTHON3_VERSION_MAJOR)/site-packages
endef

$(eval $(generic-package))
