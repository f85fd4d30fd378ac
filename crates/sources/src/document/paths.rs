//! Which elements of a document are wanted.

/// Chooses elements of a document by their path.
///
/// A path is `$` followed by `.name` for a member, `.*` for any member and `[*]` for the elements
/// of an array, such as `$.samples[*].messages[*]`. The first path that fits an element takes it;
/// but a container that some path leads into is entered, and handed out whole only where it is
/// empty.
#[derive(Clone, Debug)]
pub(crate) struct Paths(Vec<Path>);

#[derive(Clone, Debug)]
struct Path {
    segments: Vec<Segment>,
    /// Longest element in bytes that is held for this path.
    limit: usize,
}

#[derive(Clone, Debug)]
enum Segment {
    Member(&'static str),
    AnyMember,
    Elements,
}

impl Paths {
    /// Chooses elements by these paths, at most 32 in all.
    pub(crate) fn new(paths: &[&'static str]) -> Self {
        Self(Vec::new()).with(paths, super::ELEMENT_LIMIT)
    }

    /// Adds paths of which only the places are wanted: their elements come as [`Piece::Long`].
    pub(crate) fn places(self, paths: &[&'static str]) -> Self {
        self.with(paths, 0)
    }

    /// Adds paths whose elements are held up to `limit` bytes.
    pub(crate) fn with(mut self, paths: &[&'static str], limit: usize) -> Self {
        self.0.extend(paths.iter().map(|path| Path {
            segments: segments(path),
            limit,
        }));
        debug_assert!(self.0.len() <= 32, "paths are kept in a mask of 32 bits");
        self
    }

    /// The set of all paths.
    pub(super) fn all(&self) -> u32 {
        self.mask(|_| true)
    }

    /// Those of `live` that go on beyond `depth` into a container that begins with `first`.
    pub(super) fn leading_on(&self, live: u32, depth: usize, first: u8) -> u32 {
        live & self.mask(|path| match path.segments.get(depth) {
            Some(Segment::Elements) => first == b'[',
            Some(Segment::Member(_) | Segment::AnyMember) => first == b'{',
            None => false,
        })
    }

    /// The first of `live` that ends at `depth`, with its limit.
    pub(super) fn ending(&self, live: u32, depth: usize) -> Option<(usize, usize)> {
        (self.0.iter().enumerate())
            .find(|(i, path)| live & bit(*i) != 0 && path.segments.len() == depth)
            .map(|(i, path)| (i, path.limit))
    }

    /// Those of `live` whose segment at `depth` takes a member of this name.
    pub(super) fn fitting(&self, live: u32, depth: usize, name: &str) -> u32 {
        live & self.mask(|path| match path.segments.get(depth) {
            Some(Segment::Member(member)) => *member == name,
            Some(Segment::AnyMember) => true,
            _ => false,
        })
    }

    fn mask(&self, fits: impl Fn(&Path) -> bool) -> u32 {
        (self.0.iter().enumerate())
            .filter(|(_, path)| fits(path))
            .fold(0, |mask, (i, _)| mask | bit(i))
    }
}

fn bit(path: usize) -> u32 {
    u32::try_from(path).map_or(0, |i| 1_u32.checked_shl(i).unwrap_or(0))
}

fn segments(path: &'static str) -> Vec<Segment> {
    let mut segments = Vec::new();
    let mut rest = path.strip_prefix('$').unwrap_or(path);
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix("[*]") {
            segments.push(Segment::Elements);
            rest = after;
            continue;
        }
        let name = rest.strip_prefix('.').unwrap_or(rest);
        let end = name.find(['.', '[']).unwrap_or(name.len());
        let (name, after) = name.split_at_checked(end).unwrap_or((name, ""));
        segments.push(match name {
            "*" => Segment::AnyMember,
            _ => Segment::Member(name),
        });
        rest = after;
    }
    segments
}
