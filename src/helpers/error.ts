// Errors of helpers and kfuncs that a program may not call; the texts begin as the kernel's verifier has them.
import { failer } from '../util/error.ts'

export const helperError = failer({
  HELPER_UNKNOWN: ({ id }: { readonly id: number }) => `invalid func unknown#${id}`,
  HELPER_REFUSED: ({ name, id, target }: { readonly name: string; readonly id: number; readonly target: string }) =>
    `program of this type cannot use helper bpf_${name}#${id}: want one that iterators of ${target} have`,
  HELPER_UNAVAILABLE: ({ name, id, reason }: { readonly name: string; readonly id: number; readonly reason: string }) =>
    `helper bpf_${name}#${id} cannot be had outside the kernel: ${reason}`,
  HELPER_GPL: ({ name, id, license }: { readonly name: string; readonly id: number; readonly license: string }) =>
    `cannot call GPL-restricted function from non-GPL compatible program: bpf_${name}#${id}, the licence is ${JSON.stringify(license)}`,
  HELPER_SLEEPS: ({ name, id }: { readonly name: string; readonly id: number }) =>
    `helper call might sleep in a non-sleepable prog: bpf_${name}#${id} wants a program of section iter.s/`,
  KFUNC_REFUSED: ({ name }: { readonly name: string }) =>
    `calling kernel function ${name} is not allowed: iterators have none of this name`,
  KFUNC_UNAVAILABLE: ({ name, reason }: { readonly name: string; readonly reason: string }) =>
    `kernel function ${name} cannot be had outside the kernel: ${reason}`,
  KFUNC_GPL: ({ name, license }: { readonly name: string; readonly license: string }) =>
    `cannot call kernel function from non-GPL compatible program: ${name}, the licence is ${JSON.stringify(license)}`,
  KFUNC_SLEEPS: ({ name }: { readonly name: string }) =>
    `program must be sleepable to call sleepable kfunc ${name}: it wants a section iter.s/`,
})
