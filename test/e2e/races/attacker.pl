# Who owns published directories, and is up to no good: swaps whatever lies below them for
# symlinks, hard links, pipes, devices and state of its own, and back, as fast as it can and in an
# order that a seed gives. Perl, as Debian never lacks it, and as it can make the system call that
# exchanges two names at once.
#
#   perl attacker.pl SEED STOCK CANARIES DIRECTORY
#
# Attacks what lies below DIRECTORY until its input ends, and then writes how often it did what.
# STOCK has a pipe, a device and a sparse file. It never changes what lies in CANARIES. What it
# plants lies beside its victim at first: who does not own a directory may not move it elsewhere.
use strict;
use warnings;
use POSIX ();

my ($seed, $stock, $canaries, $root) = @ARGV;
srand $seed;
my ($OWN, $PLANTED) = ('.git-autosync', '.planted-');
my $MOST_KEPT = 20;
my ($AT_FDCWD, $EXCHANGE) = (-100, 2);
my $RENAMEAT2 = { x86_64 => 316, aarch64 => 276 }->{ (POSIX::uname)[4] } or die 'which machine?';
my ($made, %count, @kept) = (0);

my %plants = (
  'symlink to a canary' => sub { symlink canary_of($_[0]), $_[1] },
  'symlink into nothing beside canaries' => sub { symlink "$canaries/new-" . int rand 9, $_[1] },
  'symlink upwards' => sub { symlink '../' x (1 + int rand 4), $_[1] },
  'hard link to a canary' => sub { link file_of(canary_of($_[0])), $_[1] },
  'pipe' => sub { link "$stock/fifo", $_[1] },
  'device' => sub { link "$stock/device", $_[1] },
  'sparse file' => sub { link "$stock/sparse", $_[1] },
  'empty directory' => sub { mkdir $_[1] },
  'file' => sub { write_file($_[1], "planted\n") },
  'copy of its own' => sub { copy($_[0], $_[1], 0, \(my $left = 30)) },
  'copy with other names in it' => sub { copy($_[0], $_[1], 1, \(my $left = 30)) },
  'what was there before' => sub { @kept and rename splice(@kept, rand @kept, 1), $_[1] },
);
my @kinds = sort keys %plants;

# Its input ends when whoever started it has had enough, or is no more.
my $input = '';
vec($input, fileno(STDIN), 1) = 1;
until (select(my $ready = $input, undef, undef, 0)) {
  my $victim = victim() // next;
  my $choice = rand;
  if ($choice < 0.12) { take_away($victim) }
  else { swap($victim, one_of(@kinds)) }
}
print "$count{$_} $_\n" for sort keys %count;

# Walks down at random; state is more to its taste than files, and it goes through no symlink.
sub victim {
  my $path = $root;
  while (1) {
    opendir my $handle, $path or last;
    my @names = grep { !/^\.\.?$|^$PLANTED/ } readdir $handle;
    last unless @names;
    my ($own) = grep { $_ eq $OWN } @names;
    $path .= '/' . ($own && rand() < 0.4 ? $own : one_of(@names));
    last if rand() < 0.3 || !lstat $path || !-d _;
  }
  return $path eq $root ? undef : $path;
}

# Exchanges it for something else, and mostly back, once or many times.
sub swap {
  my ($victim, $kind) = @_;
  my $planted = name_beside($victim);
  $plants{$kind}->($victim, $planted) or return;
  my $times = rand() < 0.5 ? 1 : 1 + int rand 40;
  my $stays = rand() < 0.15;
  my $longest = rand() < 0.1 ? 20_000 : 400;
  for (1 .. $times) {
    exchange($victim, $planted) or return keep($planted);
    $count{$kind}++;
    pause($longest);
    last if $stays;
    exchange($victim, $planted) or return keep($planted);
    pause(100);
  }
  keep($planted);
}

# Moves it away, and perhaps back.
sub take_away {
  my ($victim) = @_;
  my $place = name_beside($victim);
  rename $victim, $place or return;
  $count{'moved away'}++;
  pause(2000);
  rand() < 0.6 and rename $place, $victim and return;
  keep($place);
}

sub exchange {
  my ($one, $other) = @_;
  return syscall($RENAMEAT2, $AT_FDCWD, $one, $AT_FDCWD, $other, $EXCHANGE) == 0;
}

# A canary of the same name as the victim, where there is one.
sub canary_of {
  my ($victim) = @_;
  my @parts = split m{/}, $victim;
  for my $first (0 .. $#parts) {
    my $same = join '/', $canaries, grep { $_ ne '' } @parts[$first .. $#parts];
    return $same if rand() < 0.7 && lstat $same;
  }
  return $canaries;
}

sub file_of {
  my ($path) = @_;
  while (-d $path) {
    opendir my $handle, $path or return $path;
    $path .= '/' . one_of(grep { $_ ne '.' && $_ ne '..' } readdir $handle);
  }
  return $path;
}

# What it copies is all its own then; with other names, those of directories lead upwards.
sub copy {
  my ($from, $to, $changes, $left) = @_;
  return if $$left-- <= 0 || !lstat $from;
  if (-l _) { return symlink readlink($from) // '', $to }
  if (-d _) {
    mkdir $to or return;
    opendir my $handle, $from or return 1;
    copy("$from/$_", "$to/$_", $changes, $left) for grep { $_ ne '.' && $_ ne '..' } readdir $handle;
    return 1;
  }
  return unless -f _ && -s _ < 1_000_000;
  open my $handle, '<', $from or return;
  local $/;
  my $content = <$handle> // '';
  $content =~ s/\bd[0-5]\b/rand() < 0.3 ? '..' : $&/ge if $changes;
  return write_file($to, $content);
}

sub write_file {
  my ($path, $content) = @_;
  open my $handle, '>', $path or return;
  return print $handle $content;
}

# What it keeps may be planted later; the oldest goes, as far as it may remove it.
sub keep {
  push @kept, @_;
  remove(shift @kept) while @kept > $MOST_KEPT;
}

sub remove {
  my ($path) = @_;
  lstat $path or return;
  return unlink $path unless -d _;
  opendir my $handle, $path or return;
  remove("$path/$_") for grep { $_ ne '.' && $_ ne '..' } readdir $handle;
  rmdir $path;
}

sub name_beside { return $_[0] =~ s{[^/]*$}{$PLANTED . $made++}er }

sub one_of { return $_[rand @_] }

sub pause { my $turns = rand $_[0]; 1 while $turns-- > 0 }
