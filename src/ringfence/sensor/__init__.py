"""What runs on the sensor: it reads copies of frames at mirror ports and tells of intruders.

These modules are also deployed as plain files and run by the sensor host's own Python, so they
import nothing but the standard library and each other. They never answer anybody.
"""
