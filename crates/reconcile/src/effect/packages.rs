//! Packages that package managers install.

use super::args::Args;
use super::{Effect, Found};
use crate::summary::clip;

pub(super) fn effects(args: Args<'_>, found: &mut Found) {
    let Some((manager, packages)) = installed(args) else {
        return;
    };
    if packages.is_empty() {
        found.add(Effect::Installs(format!("{manager}:")));
    }
    for package in packages {
        found.add(Effect::Installs(format!(
            "{manager}:{}",
            clip(package, 200)
        )));
    }
}

/// The package manager and the packages it is to install; none are named where a manifest or lock
/// file lists them.
fn installed<'a>(args: Args<'a>) -> Option<(&'a str, Vec<&'a str>)> {
    let valued = [
        "-r",
        "-c",
        "-t",
        "-i",
        "-f",
        "-n",
        "-p",
        "--index-url",
        "--extra-index-url",
        "--target",
        "--prefix",
        "--requirement",
        "--constraint",
        "--root",
        "--version",
        "--path",
        "--git",
        "--channel",
        "--python",
        "--registry",
        "--repo",
        "--features",
        "-F",
        "--branch",
        "--tag",
    ];
    if args.has(&["--help", "-h", "--dry-run", "--simulate"]) {
        return None;
    }
    let words = args.operands(&valued);
    match (args.program, words.as_slice()) {
        ("apt" | "apt-get" | "aptitude", ["install" | "reinstall", rest @ ..]) => {
            Some(("apt", rest.to_vec()))
        }
        (
            "yum" | "dnf" | "microdnf" | "zypper" | "brew" | "snap" | "flatpak" | "choco"
            | "winget" | "scoop" | "port" | "pkg",
            ["install" | "localinstall", rest @ ..],
        ) => Some((args.program, rest.to_vec())),
        ("apk", ["add", rest @ ..]) => Some(("apk", rest.to_vec())),
        ("pacman" | "yay" | "paru", rest) if args.has_letter('S') && !args.has_letter('s') => {
            (!rest.is_empty()).then(|| ("pacman", rest.to_vec()))
        }
        ("dpkg" | "rpm", rest) if args.has_letter('i') || args.has(&["-U", "-Uvh"]) => {
            (!rest.is_empty()).then(|| (args.program, rest.to_vec()))
        }
        (pip, ["install", rest @ ..]) if pip == "pip" || pip.starts_with("pip3") => {
            Some(("pip", rest.to_vec()))
        }
        (python, ["pip", "install", rest @ ..]) if python.starts_with("python") => {
            Some(("pip", rest.to_vec()))
        }
        ("uv", ["pip", "install", rest @ ..]) => Some(("pip", rest.to_vec())),
        ("uv", ["tool", "install", rest @ ..]) => Some(("uv", rest.to_vec())),
        ("uv" | "poetry" | "pdm" | "rye", ["add", rest @ ..]) => {
            Some((args.program, rest.to_vec()))
        }
        ("uv" | "rye", ["sync"]) | ("poetry" | "pdm" | "pipenv" | "bundle", ["install"]) => {
            Some((args.program, Vec::new()))
        }
        ("pipenv", ["install", rest @ ..]) => Some(("pipenv", rest.to_vec())),
        (
            "pipx" | "conda" | "mamba" | "micromamba" | "gem" | "cargo" | "luarocks" | "opam"
            | "cabal" | "stack" | "raco" | "mix" | "helm" | "dotnet",
            ["install", rest @ ..],
        ) => Some((args.program, rest.to_vec())),
        ("cargo", ["add" | "binstall", rest @ ..]) => Some(("cargo", rest.to_vec())),
        ("dotnet", ["add", "package", rest @ ..] | ["tool", "install", rest @ ..]) => {
            Some(("dotnet", rest.to_vec()))
        }
        ("go", ["install" | "get", rest @ ..]) => {
            // Without a version it builds what is here.
            let remote: Vec<_> = rest.iter().copied().filter(|p| p.contains('.')).collect();
            let remote: Vec<_> = remote.into_iter().filter(|p| !p.starts_with('.')).collect();
            (!remote.is_empty()).then_some(("go", remote))
        }
        ("npm" | "pnpm" | "bun" | "cnpm", ["install" | "i" | "add" | "ci", rest @ ..]) => {
            Some((args.program, rest.to_vec()))
        }
        ("yarn", ["add", rest @ ..] | ["global", "add", rest @ ..]) => {
            Some(("yarn", rest.to_vec()))
        }
        ("yarn", ["install"]) => Some(("yarn", Vec::new())),
        ("composer", ["require", rest @ ..]) => Some(("composer", rest.to_vec())),
        ("composer", ["install"]) => Some(("composer", Vec::new())),
        ("nix-env", rest) if args.has_letter('i') => Some(("nix", rest.to_vec())),
        ("nix", ["profile", "install" | "add", rest @ ..]) => Some(("nix", rest.to_vec())),
        ("asdf" | "mise", ["install", rest @ ..]) => Some((args.program, rest.to_vec())),
        (
            "rustup",
            [
                "component" | "target" | "toolchain",
                "add" | "install",
                rest @ ..,
            ],
        ) => Some(("rustup", rest.to_vec())),
        _ => None,
    }
}
