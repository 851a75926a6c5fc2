"""Canada: as the United States [T1.401, GR-30]."""

from dataclasses import replace

from drivers.countries import us

COUNTRY = replace(us.COUNTRY, code="ca", name="Canada")
