"""The same with libkdumpfile, a megabyte at a time so that Python's own cost stays small."""
import json, sys, time
import kdumpfile

context = kdumpfile.kdumpfile(sys.argv[1])
last = context.attr['max_pfn']
pages = checksum = 0
CHUNK = 256
start, processor = time.monotonic(), time.process_time()
for first in range(0, last, CHUNK):
    count = min(CHUNK, last - first)
    data = context.read(kdumpfile.KDUMP_MACHPHYSADDR, first * 4096, count * 4096)
    pages += count
    for at in range(0, len(data), 4096):
        checksum = (checksum + data[at] + data[at + 2048] + data[at + 4095]) % 4294967296
print(json.dumps({'seconds': time.monotonic() - start, 'processor': time.process_time() - processor, 'pages': pages, 'checksum': str(checksum)}))
