// A zip file with what is given, as it is: nothing is compressed.

const LOCAL = 0x04034b50;
const CENTRAL = 0x02014b50;
const END = 0x06054b50;
const UNIX = 3 << 8;

/** `files`: name → content. Each is a program that everybody may run. */
export function zip(files) {
  const locals = [];
  const centrals = [];
  let offset = 0;
  for (const [name, content] of Object.entries(files)) {
    const [path, data] = [Buffer.from(name), Buffer.from(content)];
    // Version, flags, method, time, date; then checksum, both lengths, the name's length, and none of what may follow it.
    const shared = [u16(20), u16(0), u16(0), u16(0), u16(0x21), u32(crc32(data)), u32(data.length), u32(data.length), u16(path.length), u16(0)];
    const local = Buffer.concat([u32(LOCAL), ...shared, path, data]);
    const mode = u32((0o100755 << 16) >>> 0);
    centrals.push(Buffer.concat([u32(CENTRAL), u16(UNIX | 20), ...shared, u16(0), u16(0), u16(0), mode, u32(offset), path]));
    locals.push(local);
    offset += local.length;
  }
  const central = Buffer.concat(centrals);
  const n = u16(centrals.length);
  const end = Buffer.concat([u32(END), u16(0), u16(0), n, n, u32(central.length), u32(offset), u16(0)]);
  return Buffer.concat([...locals, central, end]);
}

function u16(value) {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16LE(value);
  return bytes;
}

function u32(value) {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

/** The checksum of zip files: CRC-32, as IEEE 802.3 has it. */
function crc32(data) {
  let sum = ~0;
  for (const byte of data) {
    sum ^= byte;
    for (let bit = 0; bit < 8; bit++) sum = (sum >>> 1) ^ (sum & 1 ? 0xedb88320 : 0);
  }
  return ~sum >>> 0;
}
