# Attaches programs to targets, in the kernel by bpf(2) and in iterfs by .iterfs/ctl, with the same parameters and descriptors. Runs behind
# netns.ts and bpf_maps.py. `setup` names where the object's programs and maps are pinned in the kernel, the object, and the mount.
PROG_LOAD, LINK_CREATE, GET_INFO = 5, 28, 15
TRACE_ITER = 28
TASK, MAP = ('task', 'task_file', 'task_vma'), ('bpf_map_elem', 'sockmap', 'bpf_sk_storage_map')

child = os.fork()
if child == 0:
    libc.prctl(1, 9)
    os.execvp('sleep', ['sleep', '1000'])
dead = os.fork()
if dead == 0:
    os._exit(0)
dead_fd = os.pidfd_open(dead)
os.waitpid(dead, 0)
go = threading.Event()
thread = threading.Thread(target=go.wait, daemon=True)
thread.start()
# Words of iter_info that are numbers of this process.
WORDS = {'self': os.getpid(), 'child': child, 'thread': thread.native_id, 'pidfd': os.pidfd_open(os.getpid()),
         'pidfd of child': os.pidfd_open(child), 'pidfd of a dead task': dead_fd, 'a file': os.dup2(os.open('/proc/self/status', os.O_RDONLY), 888),  # above the ids of maps
         'not open': 9999}
V1 = next(l.split()[1] for l in open('/proc/mounts') if l.split()[2] == 'cgroup')
V2 = next(l.split()[1] for l in open('/proc/mounts') if l.split()[2] == 'cgroup2')
GROUP = V2 + '/iterfs-attach-%d' % os.getpid()
os.mkdir(GROUP)
WORDS.update({'cgroup': os.open(GROUP, os.O_RDONLY), 'cgroup of v1': os.open(V1, os.O_RDONLY), 'a folder': os.open('/', os.O_RDONLY),
              'a file of a cgroup': os.open(V2 + '/cgroup.procs', os.O_RDONLY), 'id of the cgroup': os.stat(GROUP).st_ino})
GROUPS = {str(os.stat(V2).st_ino): 'root', str(os.stat(GROUP).st_ino): 'cgroup'}
NUMBERS = {str(WORDS[name]): name for name in ('self', 'child', 'thread')}
room = {}


def obj_get(path):
    text = ctypes.create_string_buffer(path.encode())
    return bpf(OBJ_GET, struct.pack('QII', ctypes.addressof(text), 0, 0))


def setup(progs, maps, kernel_object, mount):
    room.update(progs=progs, maps=maps, object=kernel_object)
    class Ctl(OurMap):
        def __init__(self):
            self.ctl = os.open(mount + '/.iterfs/ctl', os.O_RDWR)
    room['ctl'] = ctl = Ctl()
    loaded = ctl.ask('prog_load', path=kernel_object)
    if 'progs' not in loaded:
        return ctl.message
    room['ours'] = {prog['name']: prog['id'] for prog in loaded['progs']}
    names = {m['info']['id']: m['info']['name'] for m in ctl.ask('map_list')['maps']}
    room['map_ids'] = {names[id]: id for id in loaded['map_ids']}
    room['kernel_maps'] = {name: obj_get(maps + '/' + name) for name in os.listdir(maps)}
    return 'ready'


def group_name(row, text):
    """A cgroup by its name in the table: ids of v1 and v2 may be the same."""
    if 'cgroup of v1' in (row.get('info') or []):
        return 'cgroup of v1'
    return {'/': 'root', '/' + os.path.basename(GROUP): 'cgroup'}.get(text) or GROUPS.get(text, text)


def plain(text, ids, row):
    """Numbers of this process, and ids of maps, by name."""
    lines = []
    for line in text.splitlines():
        key, tab, value = line.partition(':\t')
        if key == 'cgroup_path':
            value = group_name(row, value)
        lines.append(line if not tab else key + ' ' + (ids.get(value, value) if key == 'map_id' else NUMBERS.get(value, value)))
    return lines


def by_kernel(row):
    prog = {'not open': 9999, 'a map': room['kernel_maps'].get('hash_4_8')}.get(row['prog'])
    if prog is None:
        prog = obj_get(room['progs'] + '/' + row['prog'])
        assert prog >= 0, (row, prog)
    words = [room['kernel_maps'][w[4:]] if str(w).startswith('map ') else WORDS.get(w, w) for w in row.get('info') or []]
    size = row.get('size', 4 * len(words))
    data = struct.pack('%dI' % len(words), *words).ljust(size, b'\0')
    if row.get('tail'):
        data = data[:-1] + bytes([row['tail']])
    buffer = ctypes.create_string_buffer(data, max(1, len(data)))
    address = {'null': 0, 'bad': 8}.get(row.get('address'), ctypes.addressof(buffer) if words or size else 0)
    attr = struct.pack('4IQI', prog, row.get('target_fd', 0), row.get('attach_type', TRACE_ITER), row.get('flags', 0), address, size)
    link = bpf(LINK_CREATE, attr)
    if row['prog'] not in ('not open', 'a map'):
        os.close(prog)
    if link < 0:
        return name(link)
    try:
        with open('/proc/self/fdinfo/%d' % link) as file:
            text = file.read()
        info, target = ctypes.create_string_buffer(80), ctypes.create_string_buffer(64)
        struct.pack_into('QI', info, 16, ctypes.addressof(target), 64)
        assert bpf(GET_INFO, struct.pack('IIQ', link, 80, ctypes.addressof(info))) == 0
        map_id, first, second = struct.unpack_from('3I', info, 28)
        kind = target.value.decode()
        ids = {}
        for map_name, fd in room['kernel_maps'].items():
            about = ctypes.create_string_buffer(80)
            assert bpf(OBJ_INFO, struct.pack('IIQ', fd, 80, ctypes.addressof(about))) == 0
            ids[str(struct.unpack_from('I', about, 4)[0])] = map_name
        fields = {'tid': first, 'pid': second} if kind in TASK else {'map_id': ids[str(map_id)]} if kind in MAP else {}
        if kind == 'cgroup':
            cgroup_id, order = struct.unpack_from('QI', info, 32)
            fields = {'cgroup_id': group_name(row, str(cgroup_id)), 'order': order}
        return answer(text, ids, kind, fields, row)
    finally:
        os.close(link)


def by_iterfs(row):
    ctl = room['ctl']
    prog = 9999 if row['prog'] in ('not open', 'a map') else room['ours'][row['prog']]
    words = [room['map_ids'][w[4:]] if str(w).startswith('map ') else WORDS.get(w, w) for w in row.get('info') or []]
    info = {}
    if words:
        target = row['prog'].split('__')[-1]
        fields = dict(zip(('map_fd',) if target in MAP else ('tid', 'pid', 'pid_fd'), words))
        if target == 'cgroup':
            low, high = (words[2:] + [0, 0])[:2]
            info = {'info': {'cgroup': {'order': words[0], 'cgroup_fd': (words + [0])[1], 'cgroup_id': str(low | high << 32)}}}
        else:
            info = {'info': {'map' if target in MAP else 'task': fields}}
    made = ctl.ask('link_create', prog_id=prog, **info)
    if 'link_id' not in made:
        return name(made['errno'])
    link = ctl.ask('link_list', link_id=made['link_id'])['links'][0]
    ids = {str(id): map_name for map_name, id in room['map_ids'].items()}
    about = link['info']
    fields = dict(about.get('task') or {})
    if 'map' in about:
        fields['map_id'] = ids[str(about['map']['map_id'])]
    if 'cgroup' in about:
        fields = {'cgroup_id': group_name(row, str(about['cgroup']['cgroup_id'])), 'order': about['cgroup']['order']}
    return answer(link['fdinfo'], ids, about['target_name'], fields, row)


def answer(fdinfo, ids, target, fields, row):
    text = fdinfo.partition('target_name:\t')[2].partition('\n')
    shown = {key: NUMBERS.get(str(value), value) for key, value in fields.items()}
    return {'target': text[0], 'fdinfo': plain(text[2], ids, row), 'info': {'target_name': target, **shown}}


def attach(text):
    row = json.loads(bytes.fromhex(text))
    return [by_kernel(row), None if row.get('kernelOnly') else by_iterfs(row)]


def end():
    os.close(WORDS['cgroup'])
    os.rmdir(GROUP)


serve({'setup': setup, 'attach': attach, 'end': end})
