#!/usr/bin/python3
"""Writes a PDF: each argument is a page, its lines stand between bars.

    pdf.py 'Handbook|What everybody knows.' 'Deploying|We deploy on Mondays.' >handbook.pdf

--locked has it want a password, --pad=N makes it so many bytes larger.
"""
import sys

LOCK = " /ID [(a) (a)] /Encrypt << /Filter /Standard /V 1 /R 2 /P -4 /O (%s) /U (%s) >>" % ("0" * 32, "1" * 32)

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


pages = [arg for arg in sys.argv[1:] if not arg.startswith("--")]
lock = LOCK if "--locked" in sys.argv else ""
pad = sum(int(arg[6:]) for arg in sys.argv if arg.startswith("--pad="))
out, places = b"%PDF-1.4\n" + (b"%" + b"x" * 78 + b"\n") * (pad // 80), []
for number, body in enumerate(objects(pages), 1):
    places.append(len(out))
    out += ("%d 0 obj\n%s\nendobj\n" % (number, body)).encode()
table = b"".join(b"%010d 00000 n \n" % place for place in places)
out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(places) + 1) + table
out += (b"trailer << /Size %d /Root 1 0 R%s >>\nstartxref\n%d\n%%%%EOF\n"
        % (len(places) + 1, lock.encode(), len(out) - len(table) - len(b"xref\n0 %d\n0000000000 65535 f \n" % (len(places) + 1))))
sys.stdout.buffer.write(out)
