/*
 * Shifts a process' clock by REDKITE_CLOCK_OFFSET seconds, preloaded. Go asks the kernel's vDSO for the time and never libc, so
 * libfaketime has no effect on Milvus: here the vDSO's own functions, which are in the memory of the process, lead elsewhere.
 * x86-64 and dynamically linked programs (Milvus, Java) only; the monotonic clock stays as it is.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <elf.h>
#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static long offset_seconds;

static long raw(long number, long a, long b) {
  long result;
  __asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(a), "S"(b) : "rcx", "r11", "memory");
  return result;
}
static int shifted_clock_gettime(clockid_t clock, struct timespec *at) {
  long result = raw(SYS_clock_gettime, clock, (long)at);
  if (result == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) at->tv_sec += offset_seconds;
  return (int)result;
}
static int shifted_gettimeofday(struct timeval *at, void *zone) {
  long result = raw(SYS_gettimeofday, (long)at, (long)zone);
  if (result == 0 && at) at->tv_sec += offset_seconds;
  return (int)result;
}
static time_t shifted_time(time_t *at) {
  struct timespec now;
  shifted_clock_gettime(CLOCK_REALTIME, &now);
  if (at) *at = now.tv_sec;
  return now.tv_sec;
}
/* Deadlines of these are of the kernel's own clock, which is not shifted: a timeout would come days too late. Those of the
   monotonic clock are far smaller and stay. */
static struct timespec real_deadline(const struct timespec *at) {
  struct timespec now, real = *at;
  raw(SYS_clock_gettime, CLOCK_REALTIME, (long)&now);
  if (at->tv_sec - now.tv_sec > offset_seconds / 2) real.tv_sec -= offset_seconds;
  return real;
}
int pthread_cond_timedwait(pthread_cond_t *condition, pthread_mutex_t *mutex, const struct timespec *at) {
  static int (*next)(pthread_cond_t *, pthread_mutex_t *, const struct timespec *);
  if (!next) next = dlsym(RTLD_NEXT, "pthread_cond_timedwait");
  struct timespec real = real_deadline(at);
  return next(condition, mutex, &real);
}
int pthread_cond_clockwait(pthread_cond_t *condition, pthread_mutex_t *mutex, clockid_t clock, const struct timespec *at) {
  static int (*next)(pthread_cond_t *, pthread_mutex_t *, clockid_t, const struct timespec *);
  if (!next) next = dlsym(RTLD_NEXT, "pthread_cond_clockwait");
  struct timespec real = real_deadline(at);
  return next(condition, mutex, clock, &real);
}
int sem_timedwait(sem_t *semaphore, const struct timespec *at) {
  static int (*next)(sem_t *, const struct timespec *);
  if (!next) next = dlsym(RTLD_NEXT, "sem_timedwait");
  struct timespec real = real_deadline(at);
  return next(semaphore, &real);
}
static void redirect(int memory, uintptr_t from, void *to) {
  unsigned char jump[12] = {0x48, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xe0};
  memcpy(jump + 2, &to, sizeof to);
  if (pwrite(memory, jump, sizeof jump, (off_t)from) != sizeof jump) abort();
}
__attribute__((constructor)) static void shift_clock(void) {
  const char *text = getenv("REDKITE_CLOCK_OFFSET");
  uintptr_t base = getauxval(AT_SYSINFO_EHDR);
  if (!text || !base) return;
  offset_seconds = atol(text);
  const Elf64_Ehdr *file = (const Elf64_Ehdr *)base;
  const Elf64_Shdr *sections = (const Elf64_Shdr *)(base + file->e_shoff);
  int memory = open("/proc/self/mem", O_RDWR);
  if (memory < 0) abort();
  int done = 0;
  for (int i = 0; i < file->e_shnum; i++) {
    if (sections[i].sh_type != SHT_DYNSYM) continue;
    const Elf64_Sym *symbols = (const Elf64_Sym *)(base + sections[i].sh_offset);
    const char *names = (const char *)(base + sections[sections[i].sh_link].sh_offset);
    for (size_t n = 0; n < sections[i].sh_size / sizeof *symbols; n++) {
      const char *name = names + symbols[n].st_name;
      uintptr_t at = base + symbols[n].st_value;
      if (!strcmp(name, "__vdso_clock_gettime")) redirect(memory, at, shifted_clock_gettime), done++;
      if (!strcmp(name, "__vdso_gettimeofday")) redirect(memory, at, shifted_gettimeofday), done++;
      if (!strcmp(name, "__vdso_time")) redirect(memory, at, shifted_time), done++;
    }
  }
  close(memory);
  if (done == 0) abort();
}
