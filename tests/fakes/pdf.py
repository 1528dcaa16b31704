#!/usr/bin/python3
"""Writes a PDF: each argument is a page, its lines stand between bars.

    pdf.py 'Handbook|What everybody knows.' 'Deploying|We deploy on Mondays.' >handbook.pdf
"""
import sys


def objects(pages):
    font = 3 + 2 * len(pages)
    yield "<< /Type /Catalog /Pages 2 0 R >>"
    yield "<< /Type /Pages /Kids [%s] /Count %d >>" % (" ".join("%d 0 R" % (3 + 2 * i) for i in range(len(pages))), len(pages))
    for i, page in enumerate(pages):
        yield ("<< /Type /Page /Parent 2 0 R /MediaBox [0 0 500 400] /Contents %d 0 R"
               " /Resources << /Font << /F %d 0 R >> >> >>" % (4 + 2 * i, font))
        text = "BT /F 12 Tf 20 350 Td %s ET" % " ".join("(%s) Tj 0 -15 Td" % line for line in page.split("|"))
        yield "<< /Length %d >>\nstream\n%s\nendstream" % (len(text), text)
    yield "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"


out, places = b"%PDF-1.4\n", []
for number, body in enumerate(objects(sys.argv[1:]), 1):
    places.append(len(out))
    out += ("%d 0 obj\n%s\nendobj\n" % (number, body)).encode()
table = b"".join(b"%010d 00000 n \n" % place for place in places)
out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(places) + 1) + table
out += b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(places) + 1, len(out) - len(table) - len(b"xref\n0 %d\n0000000000 65535 f \n" % (len(places) + 1)))
sys.stdout.buffer.write(out)
