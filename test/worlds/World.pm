# A generated world: people, animals, firms and things, the conversations in which
# they are spoken of, and what every sentence means (a gold file of the stand-in's
# mode `oracle`, tools/openai_sim/README.md). The same seed gives the same world,
# on every machine.
#
#   my $world = World->new(17);
#   my $world = World->new(18, crowd => 40);    beside it forty of one family: more than a block compares whole
#   $world->deliveries     [ { key, wave, final, messages => [ {id, speaker, content, …} ] }, … ]
#   $world->gold           { sentences => {…}, things => {…}, … }
#   $world->live_facts     texts of the facts that are live once everything was handed in
#   $world->same_persons   [ label, label ]: two names of one person that no rule joins
#   $world->own_kind       label, path: of a thing that a model files
#   World::own_words       { word => kind of statement }: mapped by a model
#   $world->secret         { key, messages }: a conversation that is none of `deliveries`
#   World::marker          with which words begin that only secrets have
#   World::merged_gold(@worlds)
#
# Deliveries of wave 2 come when those of wave 1 are cut: a message of an earlier
# time, edits, what is taken back, another conversation's new end.
#
# Every world has what is listed in `@has`; `new` looks for each in what it made,
# not in what it meant to make, and dies where one is missing.
#
# Sentences end in two words that no other sentence of any world ends in, because
# the gold file knows a sentence, and a fact, by its text.
package World;

use strict;
use warnings;

use JSON::PP ();
use List::Util qw(first uniq);

our @has = (
	'two of one name in one class',
	'two participants of one name',
	'unnamed things of two owners',
	'undated repeated Events',
	'a State left and taken up again',
	'two names of one person',
	'an earlier message that arrives later',
	'an edit',
	'a message that is taken back',
	'negation',
	'a plan that fails',
	'messages without a time',
	'a statement on a statement',
	'a statement in other words',
	'a statement in other words by another name',
	'one thing in several conversations',
	'a kind that the taxonomy has not',
	'a word for a kind of statement that the list has not',
	'a secret that ends a State of another conversation',
	'a secret about people of other conversations',
);

my @people = qw(Anna Bruno Clara David Elif Farid Greta Hana Igor Jana Karim Lena Milan Nora Oskar Petra);
my @families = qw(Aldana Brunner Castellan Dahlberg Eskola Fontaine Grimaldi Hartwell Ivanova Jankowski);
my @pet_names = qw(Rex Clyde Marmalade Pixie Biscuit Tango Waldo Zorro);
my %kind_of_pet = map { $_ => 1 } qw(dog cat rabbit parrot);
# What neither the shipped taxonomy nor the shipped list of predicates has: asked of the model.
my %own_kinds = ('saluki dog' => 'entity > animal > dog', 'manx cat' => 'entity > animal > cat');
my %own_words = (lodging => 'residence', 'putting up' => 'residence');
my @firms = ([ 'Norvik', 'Norvik GmbH' ], [ 'Halden', 'Halden Inc.' ], [ 'Ostara', 'Ostara Ltd.' ], [ 'Quillon', 'Quillon AG' ]);
my @towns = qw(Oslo Leeds Porto Graz Turku Ghent);
my @films = ('Casablanca', 'Solaris', 'Amarcord', 'Stalker', 'Playtime');
my @foods = ('marmite', 'liquorice', 'blue cheese', 'okra');
my @goals = ([ 'Learn Spanish', 'learning' ], [ 'Run a marathon', 'sport' ], [ 'Build a boat', 'building' ]);
# Two forms of one given name: a candidate for whoever decides, and for no rule.
my @two_names = ([ 'Robert', 'Bob' ], [ 'Elizabeth', 'Liz' ], [ 'William', 'Bill' ], [ 'Margaret', 'Peggy' ]);

sub new
{
	my ($class, $seed, %more) = @_;
	my $self = bless { seed => $seed, crowd => $more{crowd} // 0, state => $seed * 2654435761 % 4294967296, words => 0, things => {}, sentences => {},
		deliveries => [], by_key => {}, live => {} }, $class;
	$self->_populate;
	$self->_converse;
	$self->_crowd if $self->{crowd};
	$self->_keep_a_secret;
	$self->_check;
	return $self;
}

sub deliveries { return $_[0]{deliveries}; }
sub seed { return $_[0]{seed}; }
sub is_crowded { return $_[0]{crowd} > 0; }
sub live_facts { return sort map { @$_ } values %{ $_[0]{live} }; }
sub same_persons { return $_[0]{same_persons}; }
sub secret { return $_[0]{secret}; }
sub own_kind { my ($self) = @_; my $pet = $self->{things}{ $self->{pets}[0] }; return ($pet->{label}, $own_kinds{ $pet->{category} }); }
sub own_words { return \%own_words; }
sub marker { return 'quux'; }

sub gold
{
	my ($self) = @_;
	return { sentences => $self->{sentences}, things => $self->{things}, kinds => _kinds(), predicates => _predicates() };
}

sub merged_gold
{
	my @worlds = @_;
	my %gold = (sentences => {}, things => {}, kinds => _kinds(), predicates => _predicates());
	for my $world (@worlds)
	{
		for my $part (qw(sentences things))
		{
			$gold{$part}{$_} = $world->{$part}{$_} for keys %{ $world->{$part} };
		}
	}
	return \%gold;
}

sub _kinds
{
	return {
		(map { ("Entity $_" => $own_kinds{$_}) } keys %own_kinds), 'Entity quux dog' => 'entity > animal > dog',
	};
}

sub _predicates
{
	return { 'pet ownership' => 'ownership', 'having' => 'ownership', 'working' => 'employment', 'living' => 'residence',
		'walked by' => { canonical => 'agent', inverse => JSON::PP::false() }, quuxing => 'residence', %own_words };
}

# ---- chance, the same everywhere ----

sub _random
{
	my ($self, $below) = @_;
	# Numerical Recipes' generator; its upper bits are the good ones.
	$self->{state} = ($self->{state} * 1664525 + 1013904223) % 4294967296;
	return int($self->{state} / 65536) % $below;
}

sub _pick { my ($self, @from) = @_; return $from[ $self->_random(scalar @from) ]; }

sub _shuffled
{
	my ($self, @items) = @_;
	for my $i (reverse 1 .. $#items)
	{
		my $j = $self->_random($i + 1);
		@items[ $i, $j ] = @items[ $j, $i ];
	}
	return @items;
}

# Two words that nothing else ends in: the world's, the sentence's.
sub _ending
{
	my ($self) = @_;
	return _word($self->{seed} + 1) . ' ' . _word(++$self->{words});
}

sub _word
{
	my ($number) = @_;
	my @consonants = qw(b d f g k l m n p r s t v z);
	my @vowels = qw(a e i o u);
	my $word = '';
	do
	{
		$word .= $consonants[ $number % 14 ];
		$number = int($number / 14);
		$word .= $vowels[ $number % 5 ];
		$number = int($number / 5);
	} while ($number > 0);
	return $word . 'x';
}

# ---- who and what there is ----

sub _thing
{
	my ($self, $name, %described) = @_;
	my $ref = "w$self->{seed} $name";
	$described{is} = defined $described{is} ? "w$self->{seed} $described{is}" : $ref;
	$described{of} = "w$self->{seed} $described{of}" if defined $described{of} && $described{of} ne '@speaker';
	$self->{things}{$ref} = { type => 'Entity', %described };
	return $ref;
}

sub _person
{
	my ($self, $label, %more) = @_;
	my $name = delete $more{name} // $label;
	return $self->_thing($name, label => $label, class => 'person', category => 'person', participant => JSON::PP::true(), %more);
}

sub _populate
{
	my ($self) = @_;
	my @names = $self->_shuffled(@people);
	my ($family, $other_family) = $self->_shuffled(@families);
	$self->{speakers} = [ map { { name => $_, ref => $self->_person($_) } } splice @names, 0, 4 ];
	# Two of one name who speak in one conversation, known by the log's ids.
	my $twin = shift @names;
	$self->{twins} = [ map { { name => $twin, id => "$twin-$_", ref => $self->_person($twin, name => "$twin $_") } } 1, 2 ];
	# One person who signs with two forms of the name.
	my ($long, $short) = map { "$_ $family" } @{ $self->_pick(@two_names) };
	$self->{same_persons} = [ $long, $short ];
	$self->{two_names} = [ map { { name => $_, ref => $self->_person($_, is => $long) } } $long, $short ];
	# Somebody whom others speak of, whose other name is said once and joined by rule.
	my $absent = shift @names;
	$self->{absent} = $self->_person("$absent $other_family", participant => JSON::PP::false(), is => $absent);
	$self->{absent_with_alias} = $self->_person("$absent $other_family", participant => JSON::PP::false(), is => $absent, name => "$absent, alias",
		aliases => [ "Old $other_family" ]);
	$self->{absent_by_alias} = $self->_person("Old $other_family", participant => JSON::PP::false(), is => $absent);

	my @pets = $self->_shuffled(@pet_names);
	my $shared_name = shift @pets;
	my $kind = $self->_pick(sort keys %kind_of_pet);
	$self->{namesake_pets} =
	  [ map { $self->_thing("$shared_name $_", label => $shared_name, class => 'animal', category => $kind, named => JSON::PP::true()) } 1, 2 ];
	my @kinds = (\%own_kinds, \%kind_of_pet, \%kind_of_pet);
	$self->{pets} = [ map {
		$self->_thing($_, label => $_, class => 'animal', category => $self->_pick(sort keys %{ shift @kinds }), named => JSON::PP::true(),
			hash_tags => ['pets'])
	} splice @pets, 0, 3 ];
	$self->{firms} = [ map {
		my $firm = $_;
		map { $self->_thing($_, label => $_, class => 'organisation', category => 'company', named => JSON::PP::true(), is => $firm->[0]) } @$firm
	} ($self->_shuffled(@firms))[ 0, 1 ] ];
	$self->{towns} = [ map { $self->_thing($_, label => $_, class => 'place', category => 'city', named => JSON::PP::true()) }
		  ($self->_shuffled(@towns))[ 0 .. 2 ] ];
	$self->{films} = [ map { $self->_thing($_, label => $_, class => 'work', category => 'film', named => JSON::PP::true()) }
		  ($self->_shuffled(@films))[ 0 .. 1 ] ];
	$self->{food} = $self->_thing('food', label => $self->_pick(@foods), class => 'other', category => 'food', type => 'Concept', named => JSON::PP::false());
	$self->{car} = $self->_thing('car', label => 'car', class => 'product', category => 'car', named => JSON::PP::false(), of => '@speaker', relation => 'car');
	$self->{mother} = $self->_thing('mother', label => 'mother', class => 'person', category => 'mother', named => JSON::PP::false(), of => '@speaker',
		relation => 'mother');
	return;
}

# ---- what is said ----

# One message of one sentence; its meaning goes into the gold file.
sub _say
{
	my ($self, $who, $words, $statements, %more) = @_;
	my $ending = $self->_ending;
	my $text = "$words, $ending.";
	my $fact = { text => "$who->{name}: $text", quote => $words };
	$fact->{modality} = $more{modality} if $more{modality};
	$fact->{negated} = JSON::PP::true() if $more{negated};
	$self->{sentences}{$text} = { by => $who->{ref}, facts => [$fact], statements => $statements, things => $more{things} // [] };
	my $message = { speaker => $who->{name}, content => $text };
	$message->{speaker_id} = $who->{id} if defined $who->{id};
	return $message;
}

sub _owns
{
	my ($self, $who, $pet, %more) = @_;
	my ($label, $kind) = @{ $self->{things}{$pet} }{qw(label category)};
	return $self->_say($who, "I have a $kind called $label",
		[ { type => 'State', label => 'ownership', category => $self->_pick('ownership', 'pet ownership', 'having'), roles => [ [ owner => '@speaker' ], [ owned => $pet ] ] } ], %more);
}

# The same in other words: no rule says so.
sub _keeps
{
	my ($self, $who, $pet) = @_;
	my $label = $self->{things}{$pet}{label};
	my $is = "w$self->{seed} $self->{things}{ $who->{ref} }{is} has $label";
	return map { my ($words, $called, $category) = @$_; $self->_say($who, "$words $label", [ { type => 'State', label => $called, category => $category, is => $is,
		roles => [ [ owner => '@speaker' ], [ owned => $pet ] ] } ]) } [ 'I look after', 'ownership of a pet', 'pet keeping' ], [ 'I am the one who keeps', 'keeping of a pet', 'pet keeping' ];
}

sub _walked
{
	my ($self, $who, $pet) = @_;
	return $self->_say($who, "I walked $self->{things}{$pet}{label} again",
		[ { type => 'Event', label => 'walk', category => 'walk', roles => [ [ agent => '@speaker' ], [ object => $pet ] ] } ]);
}

sub _ran
{
	my ($self, $who) = @_;
	return $self->_say($who, 'I went running', [ { type => 'Event', label => 'run', category => 'run', roles => [ [ agent => '@speaker' ] ] } ]);
}

sub _works
{
	my ($self, $who, $firm, $start, $end) = @_;
	my $words = $end ? "I worked at $self->{things}{$firm}{label} from $start to $end" : "I work at $self->{things}{$firm}{label} since $start";
	my %dates = (start => { date => "$start", how => 'actual' }, $end ? (end => { date => $end, how => 'actual' }) : ());
	return $self->_say($who, $words, [ { type => 'State', label => 'employment', category => $self->_pick('employment', 'working'), %dates,
		roles => [ [ employee => '@speaker' ], [ employer => $firm ] ] } ]);
}

sub _lives
{
	my ($self, $who, $town, $moved, $word) = @_;
	$word //= $self->_pick('residence', sort keys %own_words);
	return $self->_say($who, $moved ? "I moved to $self->{things}{$town}{label}" : "I live in $self->{things}{$town}{label}",
		[ { type => 'State', label => 'residence', category => $word, $moved ? (replaces => JSON::PP::true(), start => { date => 'said', how => 'actual' }) : (),
			roles => [ [ resident => '@speaker' ], [ place => $town ] ] } ]);
}

sub _saw
{
	my ($self, $who, $film, $day) = @_;
	return $self->_say($who, "I saw $self->{things}{$film}{label} on $day", [ { type => 'Event', label => 'watching', category => 'watching',
		start => { date => $day, how => 'actual' }, roles => [ [ agent => '@speaker' ], [ object => $film ] ] } ]);
}

sub _likes
{
	my ($self, $who, $negated) = @_;
	my $food = $self->{food};
	return $self->_say($who, ($negated ? 'I do not like ' : 'I like ') . $self->{things}{$food}{label},
		[ { type => 'State', label => 'liking', category => 'preference', roles => [ [ experiencer => '@speaker' ], [ object => $food ] ] } ], negated => $negated);
}

sub _goal
{
	my ($self, $who, $goal, $status) = @_;
	my ($label, $category) = @$goal;
	my $words = { active => 'I want to do this: ', abandoned => 'I gave up on this: ', completed => 'I managed this: ' }->{$status} . lc $label;
	return $self->_say($who, $words, [ { type => 'Goal', label => $label, category => $category, goal_status => $status,
		$status eq 'active' ? (start => { date => 'said', how => 'inferred' }) : (), roles => [ [ agent => '@speaker' ] ] } ],
		modality => $status eq 'active' ? 'planned' : 'asserted');
}

sub _drives
{
	my ($self, $who) = @_;
	return $self->_say($who, 'My car broke down', [ { type => 'Event', label => 'breakdown', category => 'breakdown', roles => [ [ object => $self->{car} ] ] },
		{ type => 'State', label => 'ownership', category => 'ownership', roles => [ [ owner => '@speaker' ], [ owned => $self->{car} ] ] } ]);
}

sub _mother
{
	my ($self, $who) = @_;
	return $self->_say($who, 'My mother is ill', [ { type => 'State', label => 'illness', category => 'illness', roles => [ [ experiencer => $self->{mother} ] ] } ],
		modality => $self->_pick('asserted', 'reported'));
}

sub _met
{
	my ($self, $who, $whom, $modality) = @_;
	return $self->_say($who, ($modality eq 'possible' ? 'I may have met ' : 'I met ') . $self->{things}{$whom}{label},
		[ { type => 'Event', label => 'meeting', category => 'meeting', roles => [ [ agent => '@speaker' ], [ participant => $whom ] ] } ], modality => $modality);
}

sub _because
{
	my ($self, $who, $firm) = @_;
	return $self->_say($who, "I left $self->{things}{$firm}{label} because I was ill",
		[ { ref => 'illness', type => 'State', label => 'illness', category => 'illness', roles => [ [ experiencer => '@speaker' ] ] },
		  { type => 'Event', label => 'resignation', category => 'resignation', roles => [ [ agent => '@speaker' ], [ organisation => $firm ], [ cause => { statement => 'illness' } ] ] } ]);
}

sub _other_role
{
	my ($self, $who, $pet) = @_;
	return $self->_say($who, "I am the one who walks $self->{things}{$pet}{label}",
		[ { type => 'State', label => 'habit', category => 'habit', roles => [ [ 'other', '@speaker', $self->_pick('walked by', 'kept by') ], [ object => $pet ] ] } ]);
}

sub _something
{
	my ($self, $who) = @_;
	my $pets = $self->{pets};
	my @ways = (
		sub { $self->_owns($who, $self->_pick(@$pets)) }, sub { $self->_walked($who, $self->_pick(@$pets)) }, sub { $self->_ran($who) },
		sub { $self->_works($who, $self->_pick(@{ $self->{firms} }), $self->_pick(2015 .. 2018)) },
		sub { $self->_lives($who, $self->_pick(@{ $self->{towns} }), $self->_random(2)) },
		sub { $self->_saw($who, $self->_pick(@{ $self->{films} }), sprintf '2024-%02d-%02d', 1 + $self->_random(6), 1 + $self->_random(20)) },
		sub { $self->_likes($who, $self->_random(2) ? 1 : 0) }, sub { $self->_drives($who) }, sub { $self->_mother($who) },
		sub { $self->_met($who, $self->_pick(@$self{qw(absent absent_by_alias)}, map { $_->{ref} } @{ $self->{speakers} }), $self->_pick('asserted', 'possible', 'hypothetical')) },
		sub { $self->_because($who, $self->_pick(@{ $self->{firms} })) }, sub { $self->_other_role($who, $self->_pick(@$pets)) },
		sub { $self->_goal($who, $self->_pick(@goals), $self->_pick('active', 'completed', 'abandoned')) },
	);
	return $self->_pick(@ways)->();
}

# ---- the conversations ----

sub _converse
{
	my ($self) = @_;
	my ($a, $b, $c, $d) = @{ $self->{speakers} };
	my ($rex_1, $rex_2) = @{ $self->{namesake_pets} };
	my ($twin_1, $twin_2) = @{ $self->{twins} };
	my ($long, $short) = @{ $self->{two_names} };
	my @firms = @{ $self->{firms} };
	my $goal = $self->_pick(@goals);
	my $pet = $self->{pets}[0];

	my $something = sub { my (@who) = @_; return map { $self->_something($self->_pick(@who)) } 1 .. 1 + $self->_random(3) };
	# Two animals of one name, of two owners.
	$self->_conversation('pets', [ $self->_owns($a, $rex_1), $self->_owns($b, $rex_2), $self->_walked($a, $rex_1), $something->($a, $b) ]);
	my @keeping = $self->_keeps($b, $self->{pets}[1]);
	$self->_conversation('keeping', [ $keeping[0], $something->($b) ]);
	$self->_conversation('keeping again', [ $keeping[1], $something->($b, $c) ]);
	$self->_conversation('twins', [ $self->_owns($twin_1, $self->{pets}[1]), $self->_owns($twin_2, $self->{pets}[2]), $something->($twin_1, $twin_2) ]);
	$self->_conversation('cars', [ $self->_drives($a), $self->_drives($c), $something->($a, $c), $self->_drives($a) ]);
	$self->_conversation('running', [ $self->_ran($b), $self->_ran($b), $something->($b, $d), $self->_lives($b, $self->{towns}[1], 0, $self->_pick(sort keys %own_words)) ]);
	$self->_conversation('running again', [ $self->_ran($b), $something->($b) ], times => 0);
	$self->_conversation('work', [ $self->_works($a, $firms[0], '2016', '2018'), $something->($a, $d), $self->_because($a, $firms[0]) ]);
	$self->_conversation('work again', [ $self->_works($a, $firms[0], '2021'), $self->_works($d, $firms[1], '2020'), $something->($a, $d) ]);
	$self->_conversation('long name', [ $self->_owns($long, $pet), $self->_lives($long, $self->{towns}[0]), $something->($long, $c) ]);
	$self->_conversation('short name', [ $self->_walked($short, $pet), $self->_owns($short, $pet), $something->($short, $d) ]);
	my ($by_long) = $self->_keeps($long, $self->{pets}[2]);
	my (undef, $by_short) = $self->_keeps($short, $self->{pets}[2]);
	$self->_conversation('long name again', [ $by_long, $something->($long, $a) ]);
	$self->_conversation('short name again', [ $by_short, $something->($short) ]);
	$self->_conversation('plans', [ $self->_goal($c, $goal, 'active'), $self->_likes($c, 0), $self->_likes($c, 1), $something->($c, $a) ]);
	$self->_conversation('plans again', [ $self->_goal($c, $goal, 'abandoned'), $something->($c) ], times => 0);
	$self->_conversation('alias', [ $self->_met($d, $self->{absent_with_alias}, 'asserted'), $something->($d, $b) ]);
	$self->_conversation('alias again', [ $self->_met($a, $self->{absent_by_alias}, 'asserted'), $self->_met($a, $self->{absent}, 'reported'), $something->($a) ]);

	# Later: what was said before, is said otherwise, is taken back.
	$self->_later('work', [ $self->_works($a, $firms[0], '2012', '2014') ], earlier => 1);
	$self->_edit('pets', 2, sub { $self->_walked($a, $pet) });
	$self->_edit($self->_pick('cars', 'alias', 'running'), 1, sub { $self->_something($d) });
	$self->_edit('short name', 0, undef);
	$self->_edit($self->_pick('long name', 'work again', 'plans'), 1, undef);
	$self->_later('alias', [ $self->_met($b, $self->{absent_by_alias}, 'asserted') ]);
	return;
}

# A conversation that is handed in only to be forgotten. It speaks of those who speak
# elsewhere, of two of their names as one, ends where one of them lives, and has
# things, a kind and a word of its own. Each sentence has the marker.
sub _keep_a_secret
{
	my ($self) = @_;
	my ($a, $b) = @{ $self->{speakers} };
	my $long = $self->{two_names}[0];
	my $town = $self->_thing('Quuxholm', label => "Quuxholm", class => 'place', category => 'city', named => JSON::PP::true());
	my $hound = $self->_thing('Quuxi', label => 'Quuxi', class => 'animal', category => 'quux dog', named => JSON::PP::true(), hash_tags => ['quuxpets']);
	my @messages = (
		$self->_lives($b, $town, 1, 'quuxing'),
		$self->_owns($a, $hound),
		$self->_say($a, 'I met quuxly', [ { type => 'Event', label => 'meeting', category => 'meeting',
			roles => [ [ agent => '@speaker' ], [ participant => $self->{absent_with_alias} ], [ participant => $self->{two_names}[1]{ref} ] ] } ]),
		$self->_say($long, 'I left quuxly', [ { type => 'Event', label => 'resignation', category => 'resignation', roles => [ [ agent => '@speaker' ], [ organisation => $self->{firms}[0] ] ] } ]),
		$self->_say($b, 'I walked quuxly', [ { type => 'Event', label => 'walk', category => 'walk', roles => [ [ agent => '@speaker' ], [ object => $self->{pets}[0] ] ] } ]),
	);
	my $n = 0;
	# After all else that is dated.
	$self->{secret} = { key => "$self->{seed} quux", messages => [ map { { %$_, id => 'quux-' . ++$n, sent_at => _time(1440 * 900 + 5 * $n) } } @messages ] };
	return;
}

# Many of one family, some of them under two names: they meet in one block, which is
# compared in a window of neighbours.
sub _crowd
{
	my ($self) = @_;
	my $family = 'Zetterstrom';
	my @given = ((map { @$_ } @two_names), @people, map { ucfirst substr(_word(300 + 7 * $_), 0, 6) } 1 .. $self->{crowd});
	my %one = map { ($_->[1] => $_->[0]) } @two_names;
	my @crowd = map {
		$self->_person("$_ $family", participant => JSON::PP::false(), named => JSON::PP::true(), is => ($one{$_} // $_) . " $family", name => "crowd $_")
	} @given[ 0 .. $self->{crowd} - 1 ];
	my $n = 0;
	while (my @some = splice @crowd, 0, 3)
	{
		my $who = $self->_pick(@{ $self->{speakers} });
		$self->_conversation('crowd ' . ++$n, [ map { $self->_met($who, $_, 'asserted') } @some ]);
	}
	return;
}

sub _conversation
{
	my ($self, $name, $messages, %more) = @_;
	my $key = "$self->{seed} $name";
	my $with_times = $more{times} // 1;
	# A day of its own each; a minute a message, and now and then a night.
	my $minute = 60 * $self->_random(12) + 1440 * $self->_random(300);
	my $n = 0;
	for my $message (@$messages)
	{
		$message->{id} = "$name-" . ++$n;
		$minute += 1 + ($self->_random(4) ? 0 : 1500);
		$message->{sent_at} = _time($minute) if $with_times;
	}
	$self->{by_key}{$key} = { messages => [ map { {%$_} } @$messages ], minute => $minute, with_times => $with_times, n => $n };
	push @{ $self->{deliveries} }, { key => $key, wave => 1, final => 'true', messages => $messages };
	$self->_lives_on($key, $_) for @$messages;
	return;
}

sub _lives_on
{
	my ($self, $key, $message) = @_;
	my $sentence = $self->{sentences}{ $message->{content} };
	$self->{live}{"$key\n$message->{id}"} = [ $sentence ? map { $_->{text} } @{ $sentence->{facts} } : () ];
	return;
}

sub _later
{
	my ($self, $name, $messages, %more) = @_;
	my $key = "$self->{seed} $name";
	my $conversation = $self->{by_key}{$key};
	for my $message (@$messages)
	{
		$message->{id} = "$name-" . ++$conversation->{n};
		my $minute = $more{earlier} ? -1440 : $conversation->{minute} + 2000;
		$message->{sent_at} = _time($minute) if $conversation->{with_times};
		$self->_lives_on($key, $message);
	}
	push @{ $self->{deliveries} }, { key => $key, wave => 2, final => 'true', messages => $messages };
	return;
}

# The message at `place` says something else, or nothing any more.
sub _edit
{
	my ($self, $name, $place, $new) = @_;
	my $key = "$self->{seed} $name";
	my $old = $self->{by_key}{$key}{messages}[$place];
	my $message = $new ? $new->() : { content => '' };
	$message = { content => $message->{content}, map { exists $old->{$_} ? ($_ => $old->{$_}) : () } qw(id speaker speaker_id sent_at) };
	# Whoever said it still says it.
	my ($who) = grep { $_->{name} eq $old->{speaker} && ($_->{id} // '') eq ($old->{speaker_id} // '') }
	  @{ $self->{speakers} }, @{ $self->{twins} }, @{ $self->{two_names} };
	$self->{sentences}{ $message->{content} }{by} = $who->{ref} if $new;
	$self->_lives_on($key, $message);
	push @{ $self->{deliveries} }, { key => $key, wave => 2, final => 'true', messages => [$message] };
	return;
}

sub _time
{
	my ($minute) = @_;
	require POSIX;
	return POSIX::strftime('%Y-%m-%dT%H:%M:00Z', gmtime(1704067200 + 60 * $minute));    # from 2024 on
}

# ---- that everything is there, by what was made ----

sub _check
{
	my ($self) = @_;
	my @deliveries = @{ $self->{deliveries} };
	my @messages = map { my $d = $_; map { { %$_, key => $d->{key}, wave => $d->{wave} } } @{ $d->{messages} } } @deliveries;
	my %meant = map { ($_->{content} => $self->{sentences}{ $_->{content} }) } grep { $_->{content} ne '' } @messages;
	my @said = map { { %$_, meant => $meant{ $_->{content} } } } grep { $_->{content} ne '' } @messages;
	die "world $self->{seed}: a message has no meaning" if grep { !$_->{meant} } @said;
	my @statements = map { my $m = $_; map { { %$_, said => $m } } @{ $m->{meant}{statements} } } @said;
	my $refs = sub { return uniq map { my $s = $_; map { ref $_->[1] ? () : $_->[1] eq '@speaker' ? $s->{said}{meant}{by} : $_->[1] } @{ $s->{roles} } } @_ };
	my $things = $self->{things};
	my @secrets = map {
		my $said = { %$_, meant => $self->{sentences}{ $_->{content} } };
		map { { %$_, said => $said } } @{ $said->{meant}{statements} }
	} @{ $self->{secret}{messages} };
	my %first;
	$first{"$_->{key}\n$_->{id}"} //= $_ for @messages;
	my $by_key = sub { my ($keyed, $value, @items) = @_; my %by; $by{ $keyed->($_) }{ $value->($_) }++ for @items; return values %by };
	my %seen = (
		'two of one name in one class' => scalar(grep { keys %$_ > 1 }
			$by_key->(sub { "$things->{$_[0]}{label} $things->{$_[0]}{class}" }, sub { $things->{$_[0]}{is} }, grep { $things->{$_}{class} eq 'animal' } $refs->(@statements))),
		'two participants of one name' => scalar(grep { keys %$_ > 1 } $by_key->(sub { "$_[0]{key} $_[0]{speaker}" }, sub { $_[0]{speaker_id} // '' }, @said)),
		'unnamed things of two owners' => scalar(grep { keys %$_ > 1 } $by_key->(sub { $self->{car} }, sub { $_[0]{said}{speaker} },
			grep { my $s = $_; first { !ref && $_ eq $self->{car} } map { $_->[1] } @{ $s->{roles} } } @statements)),
		'undated repeated Events' => scalar(grep { $_ > 1 } map { values %$_ } $by_key->(sub { $_[0]{said}{speaker} }, sub { $_[0]{label} },
			grep { $_->{type} eq 'Event' && !$_->{start} } @statements)),
		'a State left and taken up again' => scalar(grep { my %dates = %$_; (grep { /-./ } keys %dates) && (grep { /-$/ } keys %dates) }
			$by_key->(sub { "$_[0]{said}{speaker} $_[0]{roles}[1][1]" }, sub { ($_[0]{start}{date} // '') . '-' . ($_[0]{end}{date} // '') },
				grep { $_->{type} eq 'State' && $_->{label} eq 'employment' } @statements)),
		'two names of one person' => scalar(grep { keys %$_ > 1 } $by_key->(sub { $things->{ $_[0]{meant}{by} }{is} }, sub { $_[0]{speaker} }, @said)),
		'an earlier message that arrives later' => scalar(grep {
			my $late = $_;
			$late->{wave} == 2 && $late == $first{"$late->{key}\n$late->{id}"} && defined $late->{sent_at}
			  && !grep { $_->{wave} == 1 && $_->{key} eq $late->{key} && $_->{sent_at} le $late->{sent_at} } @messages
		} @messages),
		'an edit' => scalar(grep { $_ != $first{"$_->{key}\n$_->{id}"} && $_->{content} ne '' } @messages),
		'a message that is taken back' => scalar(grep { $_ != $first{"$_->{key}\n$_->{id}"} && $_->{content} eq '' } @messages),
		'negation' => scalar(grep { keys %$_ > 1 } $by_key->(sub { "$_[0]{said}{speaker} $_[0]{label}" }, sub { $_[0]{said}{meant}{facts}[0]{negated} ? 1 : 0 },
			grep { $_->{label} eq 'liking' } @statements)),
		'a plan that fails' => scalar(grep { $_->{active} && $_->{abandoned} } $by_key->(sub { "$_[0]{said}{speaker} $_[0]{label}" }, sub { $_[0]{goal_status} },
			grep { $_->{type} eq 'Goal' } @statements)),
		'messages without a time' => scalar(grep { !defined $_->{sent_at} } @said),
		'a statement on a statement' => scalar(grep { my $s = $_; grep { ref $_->[1] } @{ $s->{roles} } } @statements),
		'a statement in other words' => scalar(grep { keys %$_ > 1 } $by_key->(sub { "$_[0]{is} $_[0]{said}{speaker}" }, sub { $_[0]{label} }, grep { $_->{is} } @statements)),
		'a statement in other words by another name' => scalar(grep { keys %$_ > 1 } $by_key->(sub { $_[0]{is} }, sub { $_[0]{said}{speaker} }, grep { $_->{is} } @statements)),
		'one thing in several conversations' => scalar(grep { keys %$_ > 1 } $by_key->(sub { $_[0][0] }, sub { $_[0][1] },
			map { my $s = $_; map { [ $_, $s->{said}{key} ] } $refs->($s) } @statements)),
		'a kind that the taxonomy has not' => scalar(grep { $own_kinds{ $things->{$_}{category} } } $refs->(@statements)),
		'a word for a kind of statement that the list has not' => scalar(grep { $own_words{ $_->{category} } } @statements),
		'a secret that ends a State of another conversation' => scalar(grep {
			my $one = $_;
			$one->{replaces} && grep { $_->{label} eq $one->{label} && $_->{said}{speaker} eq $one->{said}{speaker} } @statements
		} @secrets),
		'a secret about people of other conversations' => scalar(grep { my $ref = $_; $things->{$ref}{class} eq 'person' && grep { $_ eq $ref } $refs->(@statements) } $refs->(@secrets)),
	);
	my %of_family;
	for my $ref (grep { $things->{$_}{class} eq 'person' } $refs->(@statements))
	{
		$of_family{$1}{$ref}++ if $things->{$ref}{label} =~ / (\S+)$/;
	}
	my ($largest) = sort { $b <=> $a } map { scalar keys %$_ } values %of_family;
	die "world $self->{seed} has no crowd" if $self->{crowd} && $largest < $self->{crowd};
	for my $what (@has)
	{
		die "world $self->{seed} has not: $what" unless $seen{$what};
	}
	$self->{seen} = \%seen;
	return;
}

1;
