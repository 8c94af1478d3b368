# Reads pins over and over from many threads: python3 readers.py SECONDS THREADS PIN... > counts as JSON.
# A line that does not look as its pin's program prints it is torn.
import json, os, re, sys, threading, time

LINE = {
    'task': re.compile(rb'    tgid      pid     ppid      uid comm| *\d+ +\d+ +\d+ +\d+ [^\n]*'),
    'file': re.compile(rb'    tgid      gid       fd      file| *\d+ +\d+ +\d+ [0-9a-f]{16}'),
    'vma_': re.compile(rb'[0-9a-f]{8,16}-[0-9a-f]{8,16} [r-][w-][x-][ps] [0-9a-f]{8,} [0-9a-f]{2,}:[0-9a-f]{2,} \d+(\t[^\n]*)?'),
}
end = time.time() + float(sys.argv[1])
counts = {'reads': 0, 'bytes': 0, 'lines': 0, 'errors': [], 'torn': []}
lock = threading.Lock()


def check(path, text):
    line = LINE[os.path.basename(path)[:4]]
    lines = text.split(b'\n')
    torn = [l.decode('latin1') for l in lines[:-1] if not line.fullmatch(l)]
    if lines[-1]:
        torn.append('no newline at the end: ' + lines[-1].decode('latin1'))
    return len(lines) - 1, torn


def reader(path, size):
    while time.time() < end:
        try:
            fd, parts = os.open(path, os.O_RDONLY), []
            while True:
                part = os.read(fd, size)
                if not part:
                    break
                parts.append(part)
            os.close(fd)
        except OSError as e:
            with lock:
                counts['errors'].append('%s: %s' % (path, e))
            continue
        text = b''.join(parts)
        lines, torn = check(path, text)
        with lock:
            counts['reads'] += 1
            counts['bytes'] += len(text)
            counts['lines'] += lines
            counts['torn'] += torn[:5]


pins, sizes = sys.argv[3:], [131072, 4096, 1000]
threads = [threading.Thread(target=reader, args=(pins[i % len(pins)], sizes[i % len(sizes)])) for i in range(int(sys.argv[2]))]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
counts['errors'], counts['torn'] = counts['errors'][:20], counts['torn'][:20]
print(json.dumps(counts))
