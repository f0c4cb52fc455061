//! Reads a snapshot: many blocks at once in whatever order they come, the digest in theirs.

use std::cell::Cell;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use aws_sdk_ebs::config::retry::{RetryConfig, RetryPartition};
use aws_sdk_ebs::operation::list_snapshot_blocks::ListSnapshotBlocksOutput;
use aws_sdk_ebs::types::Block;
use blocks::{Assembler, BLOCK, GIB};
use futures_util::future::try_join_all;
use model::Sha256;
use tokio::time::sleep;

use super::block::{Outcome, Source};
use super::error::ReadError;
use super::sink::{Nowhere, Sink};
use super::{Contents, Read, ReadDisk, readable};
use crate::Place;
use crate::block_map::Mapping;
use crate::gate::{Gate, Lane};
use crate::limiter::{Pace, Ticket};
use crate::machine_image::{ImageError, MachineImage, describe};
use crate::trouble::{Trouble, ask};

/// How often a call is tried whose answer did not come, or not whole. Throttling has limits of its own.
const ATTEMPTS: u32 = 6;

/// How often the SDK itself tries: what it hides cannot be adapted to.
const BY_THE_SDK: u32 = 2;

/// How many bytes of blocks have come, for whoever waits.
pub type SoFar = Cell<u64>;

/// Reads snapshots of one region, as many beside each other as are asked for, behind one gate. What it learned of how much
/// AWS allows, it keeps.
pub struct Reader<'p> {
    place: &'p Place,
    ebs: aws_sdk_ebs::Client,
    gate: Gate,
}

impl<'p> Reader<'p> {
    /// A reader with a gate of its own.
    #[must_use]
    pub fn new(place: &'p Place, pace: Pace) -> Self {
        let config = place.ebs.config().to_builder();
        let retries = RetryConfig::standard().with_max_attempts(BY_THE_SDK).with_initial_backoff(pace.pause);
        // What others have left of the SDK's allowance for retries is not used up here.
        let config = config.retry_config(retries).retry_partition(RetryPartition::new("hallmark-blocks"));
        Self { place, ebs: aws_sdk_ebs::Client::from_conf(config.build()), gate: Gate::new(pace) }
    }

    /// Describes an image and hashes every disk of it.
    ///
    /// # Errors
    /// As [`super::content_digest`].
    pub async fn content_digest(&self, image: &str, so_far: &SoFar) -> Result<Read, ReadError> {
        let image = describe(self.place, image).await?;
        self.digest(image, so_far).await
    }

    /// Hashes every disk of an image that was described, the disks beside each other.
    ///
    /// # Errors
    /// As [`super::content_digest`].
    pub async fn digest(&self, image: MachineImage, so_far: &SoFar) -> Result<Read, ReadError> {
        readable(self.place, &image)?;
        // Reading changes nothing: the first that fails ends the others.
        let disks = try_join_all(image.volumes.iter().map(async |volume| {
            let contents = self.snapshot(&volume.snapshot, so_far).await?;
            Ok::<_, ReadError>(ReadDisk::of(volume, contents))
        }))
        .await?;
        Ok(Read { image, disks })
    }

    /// Hashes one snapshot.
    ///
    /// # Errors
    /// As [`super::content_digest`].
    pub async fn snapshot(&self, snapshot: &str, so_far: &SoFar) -> Result<Contents, ReadError> {
        self.read(snapshot, Nowhere::sink(), so_far).await
    }

    /// Reads a snapshot to its end, into the digest, the map and the sink.
    pub(super) async fn read(
        &self,
        snapshot: &str,
        sink: Arc<dyn Sink>,
        so_far: &SoFar,
    ) -> Result<Contents, ReadError> {
        let place = self.place;
        let source = Arc::new(Source {
            ebs: self.ebs.clone(),
            account: place.account.clone(),
            region: place.region.clone(),
            snapshot: snapshot.to_owned(),
            sink,
        });
        let unusable = |why: &str| ReadError::Image(ImageError::unusable(place, snapshot, why));
        let mut page = list(place, &source, &self.gate, None).await?;
        let size = size_of(&page).ok_or_else(|| unusable("has no size"))?;
        source.sink.begin(size)?;
        let mut reading = Reading::new(place, source, size, &self.gate, so_far)?;
        let mut token: Option<String> = None;
        loop {
            if size_of(&page) != Some(size) {
                return Err(unusable("changed its size while it was read"));
            }
            for block in page.blocks.unwrap_or_default() {
                reading.list(block)?;
            }
            reading.drive(false).await?;
            let Some(next) = page.next_token.filter(|token| !token.is_empty()) else {
                return reading.finish().await;
            };
            if token.as_ref() == Some(&next) {
                return Err(unusable("is listed without end: the same page came twice"));
            }
            page = list(place, &reading.source, &self.gate, Some(&next)).await?;
            token = Some(next);
        }
    }
}

/// The size of the volume in bytes.
fn size_of(page: &ListSnapshotBlocksOutput) -> Option<u64> {
    let gib = u64::try_from(page.volume_size?).ok().filter(|gib| *gib > 0)?;
    gib.checked_mul(GIB)
}

/// One page of the list.
async fn list(
    place: &Place,
    source: &Source,
    gate: &Gate,
    token: Option<&str>,
) -> Result<ListSnapshotBlocksOutput, ReadError> {
    let snapshot = source.snapshot.as_str();
    let mut tries = 1;
    loop {
        gate.open().await;
        let ticket = gate.ticket();
        let call = source.ebs.list_snapshot_blocks().snapshot_id(snapshot);
        let sent = call.set_next_token(token.map(str::to_owned)).send();
        match ask(place.call("ListSnapshotBlocks", snapshot), sent).await {
            Ok(page) => {
                gate.answered(ticket);
                return Ok(page);
            }
            Err(Trouble::Throttled(failure)) => {
                gate.throttled(ticket).map_err(|rounds| ReadError::Throttled { rounds, failure })?;
            }
            Err(Trouble::Passing(failure)) if tries >= ATTEMPTS => {
                return Err(ReadError::Image(ImageError::Call(failure)));
            }
            Err(Trouble::Passing(_)) => {
                sleep(gate.pace().pause_before(tries)).await;
                tries += 1;
            }
            Err(Trouble::Refused(failure)) => return Err(ReadError::refused(snapshot, failure)),
        }
    }
}

/// A block that is listed, and has not come yet.
struct Wanted {
    token: String,
    tries: u32,
}

/// A block that was asked for.
struct Arrived {
    index: u64,
    wanted: Wanted,
    ticket: Ticket,
    outcome: Result<Outcome, ReadError>,
}

/// Blocks on their way, and the digest as far as it is known.
struct Reading<'r> {
    place: &'r Place,
    source: Arc<Source>,
    so_far: &'r SoFar,
    assembler: Assembler,
    mapping: Mapping,
    zero_blocks: u64,
    /// To be asked for, lowest first. One page at most: the next is asked for when all of these are on their way.
    wanted: BTreeMap<u64, Wanted>,
    under_way: Lane<'r, Arrived>,
    /// Came before one that was listed before them; none if all zero.
    arrived: BTreeMap<u64, Option<Sha256>>,
    /// Indices that were listed and are not in the digest yet, in their order.
    waiting: VecDeque<u64>,
    last_index: Option<u64>,
}

impl<'r> Reading<'r> {
    fn new(
        place: &'r Place,
        source: Arc<Source>,
        size: u64,
        gate: &'r Gate,
        so_far: &'r SoFar,
    ) -> Result<Self, ReadError> {
        let assembler = Assembler::new(size)
            .map_err(|error| ImageError::unusable(place, &source.snapshot, error.to_string()))?;
        Ok(Self {
            place,
            source,
            so_far,
            assembler,
            mapping: Mapping::new(size),
            zero_blocks: 0,
            wanted: BTreeMap::new(),
            under_way: Lane::new(gate),
            arrived: BTreeMap::new(),
            waiting: VecDeque::new(),
            last_index: None,
        })
    }

    fn unusable(&self, why: String) -> ReadError {
        ReadError::Image(ImageError::unusable(self.place, &self.source.snapshot, why))
    }

    /// Takes a block of the list.
    fn list(&mut self, block: Block) -> Result<(), ReadError> {
        let index = block.block_index.and_then(|index| u64::try_from(index).ok());
        let (Some(index), Some(token)) = (index, block.block_token) else {
            return Err(self.unusable("is listed with a block that has no index or no token".to_owned()));
        };
        if self.last_index.is_some_and(|last| index <= last) || index >= self.assembler.blocks() {
            return Err(self.unusable(format!("is listed with block {index} out of its place")));
        }
        self.last_index = Some(index);
        self.waiting.push_back(index);
        self.wanted.insert(index, Wanted { token, tries: 0 });
        Ok(())
    }

    /// Asks for blocks until none is wanted that is not on its way; or, to the end, until none is on its way either.
    async fn drive(&mut self, to_the_end: bool) -> Result<(), ReadError> {
        loop {
            self.start();
            if self.wanted.is_empty() && (self.under_way.is_empty() || !to_the_end) {
                return Ok(());
            }
            let (gate, mine, wants) = (self.under_way.gate(), self.under_way.len(), !self.wanted.is_empty());
            let arrived = tokio::select! {
                arrived = self.under_way.next(), if mine > 0 => arrived,
                () = gate.room(mine), if wants => continue,
            };
            match arrived {
                Some(Ok(arrived)) => self.take(arrived)?,
                Some(Err(error)) => return Err(self.unusable(format!("was not read to its end: {error}"))),
                None => {}
            }
        }
    }

    /// Begins to read as many as may be read at once.
    fn start(&mut self) {
        while self.under_way.has_room() {
            let Some((index, wanted)) = self.wanted.pop_first() else { return };
            let (source, gate) = (Arc::clone(&self.source), self.under_way.gate());
            let ticket = gate.ticket();
            let pause = (wanted.tries > 0).then(|| gate.pace().pause_before(wanted.tries));
            self.under_way.spawn(async move {
                if let Some(pause) = pause {
                    sleep(pause).await;
                }
                let outcome = source.read(index, &wanted.token).await;
                Arrived { index, wanted, ticket, outcome }
            });
        }
    }

    /// Takes what came, and puts what can be into the digest.
    fn take(&mut self, came: Arrived) -> Result<(), ReadError> {
        let Arrived { index, wanted, ticket, outcome } = came;
        let gate = self.under_way.gate();
        match outcome? {
            Outcome::Read(digest) => {
                gate.answered(ticket);
                self.so_far.set(self.so_far.get() + BLOCK as u64);
                self.arrived.insert(index, digest);
            }
            Outcome::Throttled(failure) => {
                let throttled = gate.throttled(ticket);
                throttled.map_err(|rounds| ReadError::Throttled { rounds, failure })?;
                self.wanted.insert(index, wanted);
            }
            Outcome::Again(error) => {
                let tries = wanted.tries + 1;
                if tries >= ATTEMPTS {
                    return Err(error);
                }
                self.wanted.insert(index, Wanted { tries, ..wanted });
            }
        }
        while let Some(digest) = self.waiting.front().and_then(|next| self.arrived.remove(next)) {
            let Some(index) = self.waiting.pop_front() else { break };
            match digest {
                Some(digest) => {
                    let pushed = self.assembler.push(index, &digest);
                    pushed.map_err(|error| self.unusable(error.to_string()))?;
                    self.mapping.push(index, digest);
                }
                None => self.zero_blocks += 1,
            }
        }
        Ok(())
    }

    async fn finish(mut self) -> Result<Contents, ReadError> {
        self.drive(true).await?;
        if !self.waiting.is_empty() {
            return Err(self.unusable("was not read to its end".to_owned()));
        }
        Ok(Contents { digested: self.assembler.finish(self.zero_blocks), map: self.mapping.finish() })
    }
}
