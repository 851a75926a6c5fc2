"""The firmware image, built from Debian's arm64 packages: `python -m scripts.image`.

One step a module; build.py puts them in order. No program of the target is ever run, and neither a
loop device nor binfmt is needed. Products lie in ./build, what is worth keeping in the cache.
"""
