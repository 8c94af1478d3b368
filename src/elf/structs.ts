// The structs of ELF64 and the numbers in them that BPF objects use, with the names of the ELF specification.
import { struct } from '../util/struct.ts'

export const elf64_hdr = struct('elf64_hdr', 64, {
  ei_mag: 'u32',
  ei_class: 'u8',
  ei_data: 'u8',
  ei_version: 'u8',
  ei_osabi: 'u8',
  ei_abiversion: 'u8',
  ei_pad1: 'u8',
  ei_pad2: 'u16',
  ei_pad3: 'u32',
  e_type: 'u16',
  e_machine: 'u16',
  e_version: 'u32',
  e_entry: 'u64',
  e_phoff: 'u64',
  e_shoff: 'u64',
  e_flags: 'u32',
  e_ehsize: 'u16',
  e_phentsize: 'u16',
  e_phnum: 'u16',
  e_shentsize: 'u16',
  e_shnum: 'u16',
  e_shstrndx: 'u16',
})

export const elf64_shdr = struct('elf64_shdr', 64, {
  sh_name: 'u32',
  sh_type: 'u32',
  sh_flags: 'u64',
  sh_addr: 'u64',
  sh_offset: 'u64',
  sh_size: 'u64',
  sh_link: 'u32',
  sh_info: 'u32',
  sh_addralign: 'u64',
  sh_entsize: 'u64',
})

export const elf64_sym = struct('elf64_sym', 24, {
  st_name: 'u32',
  st_info: 'u8',
  st_other: 'u8',
  st_shndx: 'u16',
  st_value: 'u64',
  st_size: 'u64',
})

/** r_info in its two halves: little-endian, so the type comes first. */
export const elf64_rel = struct('elf64_rel', 16, { r_offset: 'u64', r_type: 'u32', r_sym: 'u32' })

/** 0x7f 'E' 'L' 'F' */
export const ELFMAG = 0x464c457f
export const ELFCLASS64 = 2
export const ELFDATA2LSB = 1
export const ELFDATA2MSB = 2
export const ET_REL = 1
export const EM_BPF = 247

export const SHT_NULL = 0
export const SHT_PROGBITS = 1
export const SHT_SYMTAB = 2
export const SHT_STRTAB = 3
export const SHT_RELA = 4
export const SHT_NOBITS = 8
export const SHT_REL = 9

export const SHF_WRITE = 1
export const SHF_ALLOC = 2
export const SHF_EXECINSTR = 4
export const SHF_COMPRESSED = 0x800

export const SHN_UNDEF = 0
/** From here on, section numbers of symbols have special meanings. */
export const SHN_LORESERVE = 0xff00
export const SHN_COMMON = 0xfff2
export const SHN_XINDEX = 0xffff

export const STB_LOCAL = 0
export const STB_GLOBAL = 1
export const STB_WEAK = 2
export const STT_NOTYPE = 0
export const STT_OBJECT = 1
export const STT_FUNC = 2
export const STT_SECTION = 3
export const STV_INTERNAL = 1
export const STV_HIDDEN = 2

/** Relocation types of BPF, as LLVM names them. */
export const R_BPF = { R_BPF_64_64: 1, R_BPF_64_ABS64: 2, R_BPF_64_ABS32: 3, R_BPF_64_NODYLD32: 4, R_BPF_64_32: 10 } as const
