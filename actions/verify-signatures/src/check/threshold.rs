//! *k* of *n*: how many of the named signers have signed, if each of them, and each key or identity behind them,
//! counts once.

/// Gives each name at most one of the signers that it may stand for, and each signer to at most one name, so that as
/// many names as possible have one. `may[name]` are the signers that a name may stand for; what comes back is the
/// signer of each name.
pub(super) fn assign(may: &[Vec<usize>]) -> Vec<Option<usize>> {
    let signers = may.iter().flatten().max().map_or(0, |most| most + 1);
    // Which name each signer is given to (Kuhn's algorithm for bipartite matchings).
    let mut given: Vec<Option<usize>> = vec![None; signers];
    for name in 0..may.len() {
        let mut tried = vec![false; signers];
        place(name, may, &mut given, &mut tried);
    }
    let mut assigned = vec![None; may.len()];
    for (signer, name) in given.iter().enumerate() {
        if let Some(name) = name {
            assigned[*name] = Some(signer);
        }
    }
    assigned
}

fn place(name: usize, may: &[Vec<usize>], given: &mut [Option<usize>], tried: &mut [bool]) -> bool {
    for signer in &may[name] {
        if std::mem::replace(&mut tried[*signer], true) {
            continue;
        }
        let free = match given[*signer] {
            None => true,
            Some(other) => place(other, may, given, tried),
        };
        if free {
            given[*signer] = Some(name);
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::assign;

    #[test]
    fn each_name_and_each_signer_counts_once() {
        let cases: [(&[&[usize]], usize); 13] = [
            (&[], 0),
            (&[&[]], 0),
            (&[&[], &[]], 0),
            (&[&[0]], 1),
            (&[&[0], &[]], 1),
            (&[&[], &[0]], 1),
            (&[&[0], &[1]], 2),
            // Two names for one key.
            (&[&[0], &[0]], 1),
            // A pattern that fits two, and a name that fits one of them: in either order.
            (&[&[0, 1], &[0]], 2),
            (&[&[0], &[0, 1]], 2),
            // One name that fits two signers is still one name.
            (&[&[0, 1]], 1),
            (&[&[0, 1], &[0, 1], &[0, 1]], 2),
            (&[&[0, 1], &[0], &[1, 2]], 3),
        ];
        for (may, count) in cases {
            let may: Vec<Vec<usize>> = may.iter().map(|signers| signers.to_vec()).collect();
            let assigned = assign(&may);
            let mut given: Vec<_> = assigned.iter().flatten().collect();
            assert_eq!(given.len(), count, "{may:?}");
            given.sort();
            given.dedup();
            assert_eq!(given.len(), count, "{may:?}");
            for (name, signer) in assigned.iter().enumerate() {
                assert!(signer.is_none_or(|signer| may[name].contains(&signer)), "{may:?}");
            }
        }
    }
}
