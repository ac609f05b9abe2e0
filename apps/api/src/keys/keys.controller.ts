// `/admin/api/v1/tenants/:tenant/keys`: the keys of a tenant. A key's secret is in the answer that makes it and nowhere else.
import { Body, Controller, Get, HttpCode, Inject, Param, Patch, Post, Query, Req, Res } from '@nestjs/common';
import { parseId, type ApiKeyId, type TenantId } from '@trunkline/kernel';
import { chargedInAll } from '@trunkline/ledger/adapters/prisma';
import { RotateKeyInput, UpdateKeyInput, type RotateKeyRequest, type UpdateKeyRequest } from '@trunkline/tenancy';
import {
  archiveKey,
  createKey,
  findKey,
  KEY_STATES,
  pageOfKeys,
  resumeKey,
  revokeKey,
  rotateKey,
  suspendKey,
  updateKey,
  type TenancyContext,
} from '@trunkline/tenancy/adapters/prisma';
import type { Request, Response } from 'express';
import { z } from 'zod';
import { Allow, NeedsStepUp, OpenToPrograms } from '../access/allow.js';
import { auditedDb } from '../access/audit.js';
import { API_PARTS, type ApiRouteParts } from '../api-parts.js';
import { administered } from '../http/administered.js';
import { edited, tagged } from '../http/edit.js';
import { madeOnce } from '../http/make-once.js';
import { pageQuery } from '../http/page-query.js';
import { RefusedRequest } from '../http/problem.js';
import { Answers } from '../openapi/answers.js';
import { Conditional, Repeatable } from '../openapi/headers.js';
import { tenantNamed } from '../reads/answers.js';
import { orTooLong } from '../reads/read-within.js';
import {
  KeyAnswer,
  KeysAnswer,
  keyView,
  NewKeyAnswer,
  newKeyView,
  RotatedKeyAnswer,
  rotatedKeyView,
} from './key-answers.js';
import { createRequestOf, NewKeyBody } from './new-key-body.js';

const KeysQuery = pageQuery(KEY_STATES);

/** The path of a key. */
const KeyPath = z.strictObject({ tenant: z.string(), key: z.string() });
type KeyPath = z.output<typeof KeyPath>;

/** Whose key. */
interface KeyOf {
  readonly tenantId: TenantId;
  readonly keyId: ApiKeyId;
}

@Controller('admin/api/v1/tenants/:tenant/keys')
@OpenToPrograms(true)
export class KeysController {
  constructor(@Inject(API_PARTS) private readonly parts: ApiRouteParts) {}

  @Allow('keys:read', 'tenant')
  @Answers(KeysAnswer, { says: 'The keys of a tenant, oldest first, page by page.' })
  @Get()
  async all(@Param('tenant') tenant: string, @Query({ schema: KeysQuery }) query: z.output<typeof KeysQuery>) {
    const { id } = await orTooLong(tenantNamed(this.parts.tenancy, tenant));
    const { rows, next } = await orTooLong(pageOfKeys(this.parts.tenancy, [id], query));
    return { keys: rows.map(keyView), next };
  }

  @Allow('keys:write', 'tenant')
  @NeedsStepUp(true)
  @Repeatable()
  @Answers(NewKeyAnswer, { says: 'Makes a key; `secret` is shown now and never again.', status: 201 })
  @Post()
  async create(
    @Param('tenant') tenant: string,
    @Body({ schema: NewKeyBody }) body: z.input<typeof NewKeyBody>,
    @Req() request: Request,
  ) {
    const { id: tenantId } = await orTooLong(tenantNamed(this.parts.tenancy, tenant));
    return madeOnce(this.parts, request, {
      ...{ change: { kind: 'key', id: null, tenantId, asked: body, withoutResult: true }, body },
      make: (db) => createKey({ ...this.parts.tenancy, db }, tenantId, createRequestOf(body)),
      ...{ answer: NewKeyAnswer, view: newKeyView },
    });
  }

  @Allow('keys:read', 'tenant')
  @Answers(KeyAnswer, { says: 'One key.' })
  @Get(':key')
  async one(
    @Param('tenant') tenant: string,
    @Param('key') named: string,
    @Res({ passthrough: true }) response: Response,
  ) {
    const { id } = await orTooLong(tenantNamed(this.parts.tenancy, tenant));
    return tagged(response, administered(await orTooLong(findKey(this.parts.tenancy, id, named))), keyView);
  }

  @Allow('keys:write', 'tenant')
  @Conditional()
  @Answers(KeyAnswer, { says: 'Changes what is named: name, cap, models, origins.' })
  @Patch(':key')
  async update(
    @Param({ schema: KeyPath }) path: KeyPath,
    @Body({ schema: UpdateKeyInput }) body: UpdateKeyRequest,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ) {
    const of = await this.keyIn(path);
    return edited(
      this.parts.db,
      { request, response },
      {
        thing: { kind: 'key', ...of },
        change: { kind: 'key', id: of.keyId, tenantId: of.tenantId, asked: body },
        make: (db) => updateKey({ ...this.parts.tenancy, db }, of.tenantId, of.keyId, body),
        read: () => findKey(this.parts.tenancy, of.tenantId, of.keyId),
        view: keyView,
      },
    );
  }

  /** The old one works until the overlap is over; its share of lines goes to the new one at once. */
  @Allow('keys:write', 'tenant')
  @NeedsStepUp(true)
  @Repeatable()
  @Answers(RotatedKeyAnswer, { says: 'Makes a key in the place of another.', status: 201 })
  @Post(':key/rotate')
  async rotate(
    @Param({ schema: KeyPath }) path: KeyPath,
    @Body({ schema: RotateKeyInput }) body: RotateKeyRequest,
    @Req() request: Request,
  ) {
    const of = await this.keyIn(path);
    return madeOnce(this.parts, request, {
      change: { kind: 'key', id: of.keyId, tenantId: of.tenantId, asked: { rotate: body }, withoutResult: true },
      body,
      make: (db) => rotateKey({ ...this.parts.tenancy, db }, of, body),
      ...{ answer: RotatedKeyAnswer, view: rotatedKeyView },
    });
  }

  @Allow('keys:write', 'tenant')
  @Answers(KeyAnswer, { says: 'Ends a key for ever, and its live sessions within two seconds.' })
  @Post(':key/revoke')
  @HttpCode(200)
  revoke(@Param({ schema: KeyPath }) path: KeyPath, @Req() request: Request) {
    return this.act(path, request, 'revoke', (context, of) => revokeKey(context, of.tenantId, of.keyId));
  }

  @Allow('keys:write', 'tenant')
  @Answers(KeyAnswer, { says: 'Makes a key useless until it is resumed; its live sessions end.' })
  @Post(':key/suspend')
  @HttpCode(200)
  suspend(@Param({ schema: KeyPath }) path: KeyPath, @Req() request: Request) {
    return this.act(path, request, 'suspend', (context, of) => suspendKey(context, of.tenantId, of.keyId));
  }

  @Allow('keys:write', 'tenant')
  @Answers(KeyAnswer, { says: 'Makes a suspended key good again.' })
  @Post(':key/resume')
  @HttpCode(200)
  resume(@Param({ schema: KeyPath }) path: KeyPath, @Req() request: Request) {
    return this.act(path, request, 'resume', (context, of) => resumeKey(context, of.tenantId, of.keyId));
  }

  @Allow('keys:write', 'tenant')
  @Answers(KeyAnswer, { says: 'Puts a revoked key away, with what it was charged.' })
  @Post(':key/archive')
  @HttpCode(200)
  archive(@Param({ schema: KeyPath }) path: KeyPath, @Req() request: Request) {
    return this.act(path, request, 'archive', async (context, of) =>
      archiveKey(context, of, await chargedInAll(this.parts.db, of)),
    );
  }

  private async act(
    path: KeyPath,
    request: Request,
    verb: string,
    step: (context: TenancyContext, of: KeyOf) => ReturnType<typeof revokeKey>,
  ) {
    const of = await this.keyIn(path);
    const change = { kind: 'key', id: of.keyId, tenantId: of.tenantId, asked: verb };
    const db = auditedDb(this.parts.db, request, change);
    return keyView(administered(await step({ ...this.parts.tenancy, db }, of)));
  }

  private async keyIn({ tenant, key }: KeyPath): Promise<KeyOf> {
    const { id: tenantId } = await orTooLong(tenantNamed(this.parts.tenancy, tenant));
    const keyId = parseId('key', key);
    if (keyId !== null) return { tenantId, keyId };
    const detail = 'The path does not name a key by its id: /admin/api/v1/tenants/<tenant>/keys lists them.';
    throw new RefusedRequest('key_not_found', { detail });
  }
}
