"""The settings, the folders of the box, and the part of the settings that each service gets."""
