"""What is soldered to the panel's RP2040: LEDs and buttons are numbered from 0 in this order.

What each is for is not known here: the board file of the box says it (board/<name>/board.toml).
"""

NAME = "Switchhook panel, RP2040"
LEDS = (2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13)
"""GPIO of each LED; high lights it."""
BUTTONS = (14, 15, 16, 17, 18, 19, 20)
"""GPIO of each button, to ground when pressed; pulled up inside."""
UART = 0
BAUD = 115_200
TX, RX = 0, 1
WATCHDOG_MS = 4000
