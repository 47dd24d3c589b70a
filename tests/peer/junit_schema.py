"""Fails, and says why, if the JUnit report on stdin does not conform to the schema in a file."""

import sys

from lxml import etree

schema = etree.XMLSchema(file=sys.argv[1])
schema.assertValid(etree.parse(sys.stdin.buffer))
