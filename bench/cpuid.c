// Preloaded by with-isa: lets the CPUID instruction fault in this process and answers it without the features that CPUID_ISA excludes. All libraries
// that ask the processor what it can do, ours and the rivals', then take what they have for such a machine. Threads inherit the fault, and programs
// that are started load this again.
#define _GNU_SOURCE
#include <asm/prctl.h>
#include <dlfcn.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#ifndef ARCH_CPUID
#define ARCH_CPUID 0x1012
#endif

static int (*system_sigaction)(int, const struct sigaction*, struct sigaction*);
static struct sigaction of_program;  // what the program wants of SIGSEGV
static int without_avx;

static void say(const char* sentence) {
  if (write(2, sentence, strlen(sentence)) < 0) return;
}

static long let_cpuid(int run) { return syscall(SYS_arch_prctl, ARCH_CPUID, run); }

// Leaf, subleaf and register (0 EAX .. 3 EDX) of the feature bits, Intel's manual, volume 2, CPUID.
struct Features { uint32_t leaf, subleaf; int number; uint32_t bits; };
static const struct Features avx512[] = {
    {7, 0, 1, 1u << 16 | 1u << 17 | 1u << 21 | 1u << 26 | 1u << 27 | 1u << 28 | 1u << 30 | 1u << 31},  // F, DQ, IFMA, PF, ER, CD, BW, VL
    {7, 0, 2, 1u << 1 | 1u << 6 | 1u << 11 | 1u << 12 | 1u << 14},                                       // VBMI, VBMI2, VNNI, BITALG, VPOPCNTDQ
    {7, 0, 3, 1u << 2 | 1u << 3 | 1u << 8 | 1u << 22 | 1u << 23 | 1u << 24 | 1u << 25},                  // 4VNNIW, 4FMAPS, VP2INTERSECT, AMX, FP16
    {7, 1, 0, 1u << 5},                                                                                   // BF16
};
static const struct Features avx[] = {
    {1, 0, 2, 1u << 12 | 1u << 28 | 1u << 29},       // FMA, AVX, F16C
    {7, 0, 1, 1u << 3 | 1u << 5 | 1u << 8},          // BMI1, AVX2, BMI2
    {7, 0, 2, 1u << 9 | 1u << 10},                   // VAES, VPCLMULQDQ
    {7, 1, 0, 1u << 4 | 1u << 23},                   // AVX-VNNI, AVX-IFMA
    {7, 1, 3, 1u << 4 | 1u << 5},                    // AVX-VNNI-INT8, AVX-NE-CONVERT
};

static void drop(const struct Features* list, size_t count, uint32_t leaf, uint32_t subleaf, uint32_t* answer) {
  for (size_t i = 0; i < count; ++i) {
    if (list[i].leaf == leaf && (leaf != 7 || list[i].subleaf == subleaf)) answer[list[i].number] &= ~list[i].bits;
  }
}

static void answer(greg_t* r) {
  const uint32_t leaf = (uint32_t)r[REG_RAX], subleaf = (uint32_t)r[REG_RCX];
  uint32_t a[4];
  let_cpuid(1);
  __asm__ volatile("cpuid" : "=a"(a[0]), "=b"(a[1]), "=c"(a[2]), "=d"(a[3]) : "a"(leaf), "c"(subleaf));
  let_cpuid(0);
  drop(avx512, sizeof avx512 / sizeof *avx512, leaf, subleaf, a);
  if (without_avx) drop(avx, sizeof avx / sizeof *avx, leaf, subleaf, a);
  r[REG_RAX] = a[0], r[REG_RBX] = a[1], r[REG_RCX] = a[2], r[REG_RDX] = a[3];
  r[REG_RIP] += 2;
}

static void on_fault(int number, siginfo_t* info, void* context) {
  greg_t* const r = ((ucontext_t*)context)->uc_mcontext.gregs;
  const uint8_t* const code = (const uint8_t*)r[REG_RIP];
  // A general-protection fault carries no address; only then is it certain that the instruction itself can be read.
  if (info->si_code == SI_KERNEL && code[0] == 0x0f && code[1] == 0xa2) {
    answer(r);
  } else if (of_program.sa_flags & SA_SIGINFO) {
    of_program.sa_sigaction(number, info, context);
  } else if (of_program.sa_handler != SIG_DFL && of_program.sa_handler != SIG_IGN) {
    of_program.sa_handler(number);
  } else {
    system_sigaction(SIGSEGV, &of_program, NULL);  // the instruction runs again and ends the process
  }
}

// The program's handler is called for every other fault.
int sigaction(int number, const struct sigaction* wanted, struct sigaction* before) {
  if (system_sigaction == NULL) system_sigaction = (int (*)(int, const struct sigaction*, struct sigaction*))dlsym(RTLD_NEXT, "sigaction");
  if (number != SIGSEGV) return system_sigaction(number, wanted, before);
  const struct sigaction old = of_program;
  if (wanted != NULL) of_program = *wanted;
  if (before != NULL) *before = old;
  return 0;
}

__attribute__((constructor)) static void begin(void) {
  const char* const isa = getenv("CPUID_ISA");
  without_avx = isa != NULL && strcmp(isa, "baseline") == 0;
  sigaction(SIGSEGV, NULL, NULL);  // finds the system's
  struct sigaction own;
  memset(&own, 0, sizeof own);
  own.sa_sigaction = on_fault;
  own.sa_flags = SA_SIGINFO | SA_NODEFER | SA_ONSTACK;
  system_sigaction(SIGSEGV, &own, NULL);
  if (let_cpuid(0) != 0) {
    say("with-isa: this processor or system cannot fault on CPUID; run this on another machine\n");
    _exit(69);
  }
}
