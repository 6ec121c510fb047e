//! The facts of the machine that figures depend on.

use std::fs;

/// One line: processor, cores, memory, kernel.
pub(crate) fn describe() -> String {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let cores = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
    let kernel = read("/proc/sys/kernel/osrelease");
    format!(
        "{cores} cores of {}, {} GiB of memory, Linux {}",
        processor(&read("/proc/cpuinfo")),
        memory_gib(&read("/proc/meminfo")),
        kernel.split(['-', '+']).next().unwrap_or_default().trim(),
    )
}

fn processor(cpuinfo: &str) -> &str {
    cpuinfo
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split_once(':'))
        .map_or("an unnamed processor", |(_, name)| name.trim())
}

fn memory_gib(meminfo: &str) -> u64 {
    let total = meminfo
        .lines()
        .find_map(|line| line.strip_prefix("MemTotal:"));
    let kib = total.and_then(|text| text.split_ascii_whitespace().next()?.parse().ok());
    kib.unwrap_or(0u64).div_ceil(1024 * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_linux_says() {
        assert_eq!(
            processor("processor\t: 0\nmodel name\t: Some CPU @ 2 GHz\n"),
            "Some CPU @ 2 GHz"
        );
        assert_eq!(processor(""), "an unnamed processor");
        assert_eq!(memory_gib("MemTotal:       24600000 kB\n"), 24);
    }
}
