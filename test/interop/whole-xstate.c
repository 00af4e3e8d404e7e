/*
 * Preloaded into user-mode Linux: lets it run on processors with AMX.
 *
 * Debian's user-mode Linux (6.1) sets the registers of its processes by ptrace, from an area that ends with AVX-512. Where the
 * processor has more, the host's kernel wants the whole area and says EFAULT. So what it has is laid over what is there.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <elf.h>
#include <stdarg.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/types.h>
#include <sys/uio.h>

typedef long ptrace_function(int request, pid_t pid, void *address, void *data);

long ptrace(enum __ptrace_request request, ...) {
  static ptrace_function *next;
  static char whole[64 * 1024]; /* The area of today's processors has 11 KiB. */
  if (next == NULL) next = (ptrace_function *)dlsym(RTLD_NEXT, "ptrace");

  va_list arguments;
  va_start(arguments, request);
  pid_t pid = va_arg(arguments, pid_t);
  void *address = va_arg(arguments, void *);
  void *data = va_arg(arguments, void *);
  va_end(arguments);

  if (request == PTRACE_SETREGSET && address == (void *)NT_X86_XSTATE) {
    const struct iovec *part = data;
    struct iovec area = {whole, sizeof whole};
    if (next(PTRACE_GETREGSET, pid, address, &area) < 0) return -1;
    if (part->iov_len < area.iov_len) {
      memcpy(whole, part->iov_base, part->iov_len);
      return next(request, pid, address, &area);
    }
  }
  return next(request, pid, address, data);
}
