//! Blocks on their way to a snapshot, as many at once as AWS takes.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use aws_sdk_ebs::config::retry::RetryConfig;
use aws_sdk_ebs::primitives::{ByteStream, SdkBody};
use aws_sdk_ebs::types::ChecksumAlgorithm;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use blocks::{BLOCK, Disk};
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::reading::{Piece, Seen, read_through};
use crate::failure::{Call, Failure, Fate};
use crate::gate::{Gate, Lane};
use crate::limiter::Ticket;
use crate::trouble::{Trouble, ask};
use crate::{BlockMap, Place};

/// Blocks that are read and hashed ahead.
const AHEAD: usize = 16;

/// How often a block is sent whose answer did not come, each time after a longer pause: some three minutes. Throttling has
/// limits of its own.
const ATTEMPTS: u32 = 16;

/// How long a snapshot may not be there yet for whoever writes to it.
const UNSEEN: Duration = Duration::from_secs(120);

/// The pause before it is looked for again.
const LOOK: Duration = Duration::from_secs(1);

/// Why a disk was not sent.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// A block was not taken.
    #[error(transparent)]
    Call(#[from] Box<Failure>),
    /// The disk cannot be read.
    #[error(transparent)]
    Disk(#[from] blocks::Error),
    /// A thread or a task of this program was ended.
    #[error("the disk was not read to its end: {0}")]
    Ended(String),
}

/// Sends to a pending snapshot what a disk has and its parent has not, and says what the disk was seen to be.
///
/// Disks that go to the same account and region beside each other share a gate.
///
/// `through` begins with the block that is the first to be sent, and goes up: all that have to be sent and come before
/// it were taken. Sending a block again changes nothing.
///
/// # Errors
/// The disk cannot be read, or a block was refused, or was not taken however often it was sent. The snapshot stays
/// pending.
pub async fn send(
    place: &Place,
    snapshot: &str,
    disk: Disk,
    parent: Option<BlockMap>,
    gate: &Gate,
    through: &Cell<u64>,
) -> Result<Seen, SendError> {
    let (sender, mut pieces) = mpsc::channel(AHEAD);
    let from = through.get();
    let reader = tokio::task::spawn_blocking(move || {
        read_through(&disk, parent.as_ref(), from, &mut |piece| sender.blocking_send(piece).is_ok())
    });
    let mut writer = Writer::new(place, snapshot, gate);
    let mut open = true;
    while open || !writer.is_idle() {
        writer.start();
        let (mine, room) = (writer.under_way.len(), writer.under_way.has_room());
        let waits = !room && (open || !writer.ready.is_empty());
        tokio::select! {
            piece = pieces.recv(), if open && room => match piece {
                Some(piece) => writer.add(piece),
                None => open = false,
            },
            Some(sent) = writer.under_way.next(), if mine > 0 => {
                writer.take(sent.map_err(|error| SendError::Ended(error.to_string()))?)?;
                through.set(writer.through());
            }
            () = gate.room(mine), if waits => {}
        }
    }
    let ended = || SendError::Ended("nobody took what was read".into());
    reader.await.map_err(|error| SendError::Ended(error.to_string()))??.ok_or_else(ended)
}

/// A block that has to be sent.
struct Block {
    index: u64,
    checksum: String,
    body: SdkBody,
    /// How often it was sent and no answer came.
    tries: u32,
}

/// What came of a block that was sent.
struct Sent {
    block: Block,
    ticket: Ticket,
    put: Result<(), Trouble>,
}

struct Writer<'g> {
    to: Arc<To>,
    begun: Instant,
    under_way: Lane<'g, Sent>,
    /// To be sent when there is room, lowest first: what is new, and what was throttled.
    ready: BTreeMap<u64, Block>,
    /// The indices of all these.
    open: BTreeSet<u64>,
    /// One more than the highest index so far.
    next: u64,
}

impl<'g> Writer<'g> {
    fn new(place: &Place, snapshot: &str, gate: &'g Gate) -> Self {
        // Calls are made again here, where it is seen how many are too many.
        let config = place.ebs.config().to_builder().retry_config(RetryConfig::disabled()).build();
        let to = To {
            ebs: aws_sdk_ebs::Client::from_conf(config),
            account: place.account.clone(),
            region: place.region.clone(),
            snapshot: snapshot.to_owned(),
        };
        Self {
            to: Arc::new(to),
            begun: Instant::now(),
            under_way: Lane::new(gate),
            ready: BTreeMap::new(),
            open: BTreeSet::new(),
            next: 0,
        }
    }

    fn add(&mut self, piece: Piece) {
        self.open.insert(piece.index);
        self.next = piece.index + 1;
        let checksum = STANDARD.encode(piece.digest.as_bytes());
        let block = Block { index: piece.index, checksum, body: SdkBody::from(piece.bytes), tries: 0 };
        self.ready.insert(block.index, block);
    }

    fn spawn(&mut self, block: Block, after: Duration) {
        let (to, ticket) = (Arc::clone(&self.to), self.under_way.gate().ticket());
        self.under_way.spawn(async move {
            tokio::time::sleep(after).await;
            let put = to.put(&block).await;
            Sent { block, ticket, put }
        });
    }

    fn is_idle(&self) -> bool {
        self.under_way.is_empty() && self.ready.is_empty()
    }

    /// Begins to send as much as may be on its way.
    fn start(&mut self) {
        while self.under_way.has_room() {
            let Some((_, block)) = self.ready.pop_first() else { return };
            self.spawn(block, Duration::ZERO);
        }
    }

    /// All blocks before this index were taken.
    fn through(&self) -> u64 {
        self.open.first().copied().unwrap_or(self.next)
    }

    /// What came of a block: it is done, or is sent once more.
    fn take(&mut self, Sent { block, ticket, put }: Sent) -> Result<(), Box<Failure>> {
        let gate = self.under_way.gate();
        match put {
            Ok(()) => {
                gate.answered(ticket);
                self.open.remove(&block.index);
            }
            Err(Trouble::Throttled(failure)) => {
                gate.throttled(ticket).map_err(|_| failure)?;
                self.ready.insert(block.index, block);
            }
            Err(Trouble::Passing(_)) if block.tries + 1 < ATTEMPTS => {
                let tries = block.tries + 1;
                self.spawn(Block { tries, ..block }, gate.pace().pause_before(tries));
            }
            Err(Trouble::Refused(failure))
                if failure.code == "ResourceNotFoundException" && self.begun.elapsed() < UNSEEN =>
            {
                self.spawn(block, LOOK);
            }
            Err(Trouble::Passing(failure) | Trouble::Refused(failure)) => return Err(failure),
        }
        Ok(())
    }
}

/// Where blocks go.
struct To {
    ebs: aws_sdk_ebs::Client,
    account: String,
    region: String,
    snapshot: String,
}

impl To {
    async fn put(&self, block: &Block) -> Result<(), Trouble> {
        let about = format!("{} block {}", self.snapshot, block.index);
        let call =
            Call { name: "PutSnapshotBlock", account: &self.account, region: &self.region, about: &about };
        let refused = |message: &str| {
            Trouble::Refused(Box::new(Failure {
                call: call.name,
                about: about.clone(),
                region: self.region.clone(),
                account: self.account.clone(),
                code: String::new(),
                message: message.to_owned(),
                request_id: None,
                fate: Fate::Refused,
            }))
        };
        let index = i32::try_from(block.index).map_err(|_| refused("its index is too large"))?;
        let body = block.body.try_clone().ok_or_else(|| refused("its bytes cannot be sent again"))?;
        let length = i32::try_from(BLOCK).map_err(|_| refused("it is too long"))?;
        let sent = self
            .ebs
            .put_snapshot_block()
            .snapshot_id(&self.snapshot)
            .block_index(index)
            .block_data(ByteStream::new(body))
            .data_length(length)
            .checksum(&block.checksum)
            .checksum_algorithm(ChecksumAlgorithm::ChecksumAlgorithmSha256);
        let taken = ask(call.clone(), sent.send()).await?;
        match taken.checksum {
            Some(said) if said != block.checksum => {
                Err(refused(&format!("AWS has the SHA-256 {said}, and {} was sent", block.checksum)))
            }
            _ => Ok(()),
        }
    }
}
