//! What std and libc would bring: an entry, an exit, memory, and the five functions that the
//! compiler takes for granted. None of it can be written without `unsafe`, which is why this
//! program has it and the core has none.

use core::alloc::{GlobalAlloc, Layout};
use core::arch::{asm, global_asm};
use core::cell::UnsafeCell;
use core::panic::PanicInfo;
use core::sync::atomic::{AtomicUsize, Ordering};

// The kernel starts a program with the stack aligned as for a jump, not as for a call.
global_asm!(".globl _start", "_start:", "xor ebp, ebp", "and rsp, -16", "call {main}", "ud2",
    main = sym crate::main);

/// Ends the program.
pub(crate) fn exit(code: i32) -> ! {
    // SAFETY: `exit_group` touches no memory and doesn't come back.
    unsafe { asm!("syscall", in("eax") 231, in("edi") code, options(noreturn)) }
}

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    exit(PANICKED)
}

const PANICKED: i32 = 101;

/// Hands out memory and never takes it back.
struct Bump {
    memory: UnsafeCell<[u8; SIZE]>,
    used: AtomicUsize,
}

const SIZE: usize = 1 << 20;

// SAFETY: no byte of `memory` is handed out twice, as `used` only grows, atomically.
unsafe impl Sync for Bump {}

// SAFETY: the pointer is aligned, `layout.size()` bytes from it are inside of `memory`, and nobody
// else has them.
unsafe impl GlobalAlloc for Bump {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let start = self.memory.get().cast::<u8>();
        // Enough for the worst alignment, so that one addition does.
        let size = layout.size() + layout.align() - 1;
        let used = self.used.fetch_add(size, Ordering::Relaxed);
        if used.checked_add(size).is_none_or(|end| end > SIZE) {
            return core::ptr::null_mut();
        }
        // SAFETY: that is inside of `memory`.
        let free = unsafe { start.add(used) };
        // SAFETY: the rest up to `align - 1` bytes further was reserved too.
        unsafe { free.add(free.align_offset(layout.align())) }
    }

    unsafe fn dealloc(&self, _: *mut u8, _: Layout) {}
}

#[global_allocator]
static HEAP: Bump = Bump { memory: UnsafeCell::new([0; SIZE]), used: AtomicUsize::new(0) };

// In assembly, because a loop in Rust would be compiled to a call of the function that it is in.

#[unsafe(no_mangle)]
unsafe extern "C" fn memcpy(to: *mut u8, from: *const u8, count: usize) -> *mut u8 {
    // SAFETY: the caller's promise.
    unsafe {
        asm!("rep movsb", inout("rcx") count => _, inout("rdi") to => _, inout("rsi") from => _,
            options(nostack, preserves_flags));
    }
    to
}

#[unsafe(no_mangle)]
unsafe extern "C" fn memmove(to: *mut u8, from: *const u8, count: usize) -> *mut u8 {
    if (to as usize).wrapping_sub(from as usize) >= count {
        // SAFETY: what is written isn't read later; otherwise the caller's promise.
        return unsafe { memcpy(to, from, count) };
    }
    // SAFETY: the caller's promise; from the end, as the target begins inside of the source.
    unsafe {
        asm!("std", "rep movsb", "cld", inout("rcx") count => _,
            inout("rdi") to.wrapping_add(count).wrapping_sub(1) => _,
            inout("rsi") from.wrapping_add(count).wrapping_sub(1) => _, options(nostack));
    }
    to
}

#[unsafe(no_mangle)]
unsafe extern "C" fn memset(to: *mut u8, byte: i32, count: usize) -> *mut u8 {
    // SAFETY: the caller's promise.
    unsafe {
        asm!("rep stosb", inout("rcx") count => _, inout("rdi") to => _, in("al") byte as u8,
            options(nostack, preserves_flags));
    }
    to
}

#[unsafe(no_mangle)]
unsafe extern "C" fn memcmp(left: *const u8, right: *const u8, count: usize) -> i32 {
    for at in 0..count {
        // SAFETY: the caller's promise.
        let (left, right) = unsafe { (*left.add(at), *right.add(at)) };
        if left != right {
            return i32::from(left) - i32::from(right);
        }
    }
    0
}

#[unsafe(no_mangle)]
unsafe extern "C" fn bcmp(left: *const u8, right: *const u8, count: usize) -> i32 {
    // SAFETY: the caller's promise.
    unsafe { memcmp(left, right, count) }
}

// Named by the `alloc` that comes compiled, never called: a panic ends the program.

#[unsafe(no_mangle)]
extern "C" fn rust_eh_personality() {}

#[unsafe(no_mangle)]
extern "C" fn _Unwind_Resume() -> ! {
    exit(PANICKED)
}
