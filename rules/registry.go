package rules

// catalogue lists every rule, in the order of the identifiers; a test holds
// the order, the uniqueness, and that every rule has its page.
var catalogue = []*Rule{
	notAnalysed,
	unusedSuppression,

	lostUpdate,
	copyUpdateRace,
	insertRace,
	mixedAtomicity,
	tornUpdate,
	unguardedAccess,
	sharedScratch,
	percpuReentrancy,
	useAfterDelete,
	unsupportedAtomic,
	tornCopy,
	publishBeforeInit,

	lockLeak,
	nestedLock,
	unlockMismatch,
	callInCriticalSection,
	lockUnsupportedProgram,
	lockUnsupportedMap,
	lockFieldAccess,
	lockOrderInversion,
	uncheckedLock,
	graphOpUnlocked,
	lockTooNew,
	longCriticalSection,

	lookupWithoutFLock,
	updateWithoutFLock,
	iterateWithoutFLock,
	ineffectiveFLock,
	userLostUpdate,
	helperWithoutFLock,

	reentrantMapOp,
}
