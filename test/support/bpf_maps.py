# Pinned maps, of the kernel by bpf(2) and of iterfs by .iterfs/ctl: the same operations by one process, which may put its own descriptors
# into both. Results are bytes, or negative errnos.
import base64, ctypes, errno, json, os, struct

libc = ctypes.CDLL(None, use_errno=True)
SYS_BPF = 321 if os.uname().machine == 'x86_64' else 280
MAP_LOOKUP, MAP_UPDATE, MAP_DELETE, MAP_NEXT, OBJ_GET, OBJ_INFO = 1, 2, 3, 4, 7, 15


def bpf(command, attr):
    room = ctypes.create_string_buffer(attr, max(len(attr), 72))
    result = libc.syscall(SYS_BPF, command, room, 72)
    return -ctypes.get_errno() if result < 0 else result


class KernelMap:
    def __init__(self, path):
        name = ctypes.create_string_buffer(path.encode())
        self.fd = bpf(OBJ_GET, struct.pack('QII', ctypes.addressof(name), 0, 0))
        assert self.fd >= 0, (path, self.fd)
        info = ctypes.create_string_buffer(80)
        assert bpf(OBJ_INFO, struct.pack('IIQ', self.fd, 80, ctypes.addressof(info))) == 0
        self.type, self.id, self.key_size, self.value_size = struct.unpack_from('4I', info)

    def call(self, command, key, value, flags=0):
        buffer = ctypes.create_string_buffer(bytes(value or b'\0'), max(8, len(value or b'')))
        key_buffer = ctypes.create_string_buffer(bytes(key or b'\0'), max(1, len(key or b'')))
        at = 0 if key is None else ctypes.addressof(key_buffer)
        result = bpf(command, struct.pack('IIQQQ', self.fd, 0, at, 0 if value is None else ctypes.addressof(buffer), flags))
        return result if result < 0 else buffer.raw

    def update(self, key, value, flags=0):
        result = self.call(MAP_UPDATE, key, value, flags)
        return result if isinstance(result, int) else 0

    def delete(self, key):
        result = self.call(MAP_DELETE, key, None)
        return result if isinstance(result, int) else 0

    def lookup(self, key):
        result = self.call(MAP_LOOKUP, key, bytes(self.value_size))
        return result if isinstance(result, int) else result[:self.value_size]

    def next(self, key):
        result = self.call(MAP_NEXT, key, bytes(self.key_size))
        return result if isinstance(result, int) else result[:self.key_size]


class OurMap:
    def __init__(self, path):
        root = path
        while not os.path.exists(os.path.join(root, '.iterfs/ctl')):
            root = os.path.dirname(root)
        self.ctl = os.open(os.path.join(root, '.iterfs/ctl'), os.O_RDWR)
        info = self.ask('map_list', ino=os.stat(path).st_ino)['maps'][0]['info']
        self.id, self.type, self.key_size, self.value_size = (info[name] for name in ('id', 'type', 'key_size', 'value_size'))

    def ask(self, cmd, **fields):
        os.write(self.ctl, json.dumps({'cmd': cmd, **fields}).encode())
        text = b''
        while part := os.pread(self.ctl, 65536, len(text)):
            text += part
        answer = json.loads(text)
        if 'error' in answer:
            self.message = answer['error']['message']
            return {'errno': -answer['error']['errno']}
        return answer

    def elem(self, op, key, **fields):
        return self.ask('map_elem', map_id=self.id, op=op, key=key and base64.b64encode(bytes(key)).decode(), **fields)

    def update(self, key, value, flags=0):
        return self.elem('update', key, value=base64.b64encode(bytes(value)).decode(), flags=flags)['errno']

    def delete(self, key):
        return self.elem('delete', key)['errno']

    def lookup(self, key):
        answer = self.elem('lookup', key)
        return base64.b64decode(answer['value']) if answer['errno'] == 0 else answer['errno']

    def next(self, key):
        answer = self.elem('nextKey', key)
        return base64.b64decode(answer['key']) if answer['errno'] == 0 else answer['errno']


def u32(n):
    return struct.pack('I', n & 0xffffffff)


def u64(n):
    return struct.pack('Q', n)


def name(result):
    """A result as text: an errno by its name, bytes in hexadecimal."""
    if isinstance(result, int):
        return errno.errorcode.get(-result, str(result)) if result < 0 else str(result)
    return result.hex()
