// A counter as aya-built programs have it: a map definition in section "maps",
// helpers called by number, two programs in sections of their own.
#![feature(no_core, lang_items, intrinsics, auto_traits, rustc_attrs)]
#![no_core]
#![allow(unsafe_op_in_unsafe_fn, internal_features, non_camel_case_types, dead_code)]

#[lang = "pointee_sized"]
pub trait PointeeSized {}
#[lang = "meta_sized"]
pub trait MetaSized: PointeeSized {}
#[lang = "sized"]
pub trait Sized: MetaSized {}
#[lang = "destruct"]
pub trait Destruct: PointeeSized {}
#[lang = "legacy_receiver"]
pub trait LegacyReceiver {}
impl<T: PointeeSized> LegacyReceiver for &T {}
#[lang = "copy"]
pub trait Copy {}
impl Copy for u32 {}
impl Copy for u64 {}
impl Copy for i32 {}
impl<T: PointeeSized> Copy for *mut T {}
#[lang = "sync"]
pub unsafe auto trait Sync {}
#[lang = "freeze"]
unsafe auto trait Freeze {}

#[rustc_intrinsic]
const unsafe fn transmute<S, D>(s: S) -> D;
#[rustc_intrinsic]
const fn wrapping_add<T: Copy>(a: T, b: T) -> T;

#[repr(C)]
pub struct bpf_map_def {
    type_: u32,
    key_size: u32,
    value_size: u32,
    max_entries: u32,
    map_flags: u32,
    id: u32,
    pinning: u32,
}

#[unsafe(link_section = "maps")]
#[unsafe(no_mangle)]
pub static mut PACKETS: bpf_map_def =
    bpf_map_def { type_: 1, key_size: 4, value_size: 8, max_entries: 1024, map_flags: 0, id: 0, pinning: 0 };

#[unsafe(no_mangle)]
pub static mut TOTAL: u64 = 0;

#[inline(never)]
#[unsafe(no_mangle)]
unsafe fn lookup(key: *mut u32) -> *mut u64 {
    let f: unsafe extern "C" fn(*mut bpf_map_def, *mut u32) -> *mut u64 = transmute(1u64);
    f(&raw mut PACKETS, key)
}

#[unsafe(no_mangle)]
#[unsafe(link_section = "xdp")]
pub unsafe extern "C" fn count_packets(_ctx: *mut u64) -> u32 {
    let mut key: u32 = 7;
    let v = lookup(&raw mut key);
    let addr: u64 = transmute(v);
    match addr {
        0 => return 1,
        _ => *v = wrapping_add(*v, 1),
    }
    TOTAL = wrapping_add(TOTAL, 1);
    2
}

#[lang = "drop_in_place"]
unsafe fn drop_in_place<T: PointeeSized>(_: *mut T) {}
